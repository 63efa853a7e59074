import { reportOf, type SourceRow } from '@odograph/sources/source';
import { describe, expect, it } from 'vitest';
import { paced, type Speed } from './pace.ts';

const DAY_MS = 86_400_000;
const BEGAN_MS = Date.UTC(2026, 10, 21);

/** When each row is given, in milliseconds from the beginning, by a clock that moves only while `paced` sleeps. */
async function paceOf(observed: readonly (number | 'unreadable')[], speed: Speed) {
  let nowMs = BEGAN_MS;
  const longest = { ms: 0 };
  const sleep = async (ms: number) => {
    longest.ms = Math.max(longest.ms, ms);
    nowMs += ms;
  };
  async function* source(): AsyncGenerator<SourceRow> {
    for (const [row, atMs] of observed.entries()) {
      yield atMs === 'unreadable'
        ? { row, unreadable: 'x' }
        : { row, report: reportOf('v', { atMs }, { speed_kmh: 1 }) };
    }
  }
  const given: number[] = [];
  for await (const _ of paced(source(), { speed, clock: { now: () => nowMs }, sleep }))
    given.push(nowMs - BEGAN_MS);
  return { given, longestSleepMs: longest.ms };
}

describe('the pace of a replay', () => {
  const at = Date.UTC(2021, 2, 29);

  it('is the recorded one at speed 1, and faster by any factor', async () => {
    const observed = [at, at + 1_000, at + 61_000];
    expect((await paceOf(observed, 1)).given).toEqual([0, 1_000, 61_000]);
    expect((await paceOf(observed, 50)).given).toEqual([0, 20, 1_220]);
    expect((await paceOf(observed, 'max')).given).toEqual([0, 0, 0]);
  });

  it('does not wait for a row that is late, has no time, or is years in the future', async () => {
    const observed = [at, at + 5_000, at + 2_000, 0, 'unreadable', Date.UTC(2090, 0, 1), at + 6_000] as const;
    expect((await paceOf(observed, 1)).given).toEqual([0, 5_000, 5_000, 5_000, 5_000, 5_000, 6_000]);
  });

  it('keeps gaps of months without a timer that overflows', async () => {
    const { given, longestSleepMs } = await paceOf([at, at + 90 * DAY_MS], 1);
    expect(given).toEqual([0, 90 * DAY_MS]);
    expect(longestSleepMs).toBeLessThanOrEqual(DAY_MS);
  });
});
