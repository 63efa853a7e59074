import type { Entry } from '@odograph/cache/entry';
import type { Version } from '@odograph/cache/version';
import { status } from '@odograph/projections/status';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CachedStatus } from './cached-status.ts';
import { Sampler } from './sampler.ts';
import { stampOf } from './stamps.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A status that was received at a time. */
function statusAt(lastReceivedAtMs: number): CachedStatus {
  return { slice: { ...status.initial('bus-1', ''), lastReceivedAtMs }, parkedAt: undefined };
}

const at = (sequence: number): Version => [stampOf({ partition: 0, sequence })];

/** Samples while something is held, which history answers with a status and a position. */
async function sampled(
  held: () =>
    | { readonly value: CachedStatus; readonly version: Version; readonly isCurrent?: boolean }
    | undefined,
  answers = [{ value: statusAt(5), version: at(10) }],
) {
  const compared: [number, boolean][] = [];
  let asked = 0;
  const sampler = new Sampler({
    typed: {
      size: 1,
      hotKeys: () => ['bus-1'],
      inspect: () => held() as Entry<CachedStatus> | undefined,
      isCurrent: () => held()?.isCurrent ?? true,
    },
    source: { load: () => async () => answers[Math.min(asked++, answers.length - 1)] as (typeof answers)[0] },
    following: { reach: async () => true },
    random: () => 0.5,
    onCompared: (_, afterMs, agrees) => void compared.push([afterMs, agrees]),
  });
  const sampling = sampler.sample(new AbortController().signal);
  await vi.advanceTimersByTimeAsync(30_000);
  await sampling;
  return compared;
}

test('what is held agrees if it is what history has, or has an event more', async () => {
  const all = (agrees: boolean) => [1_000, 5_000, 30_000].map((afterMs) => [afterMs, agrees]);
  expect(await sampled(() => ({ value: statusAt(5), version: at(3) }))).toEqual(all(true));
  const later = [
    { value: statusAt(5), version: at(10) },
    { value: statusAt(9), version: at(12) },
  ];
  const held = { value: statusAt(9), version: at(11) };
  expect(await sampled(() => held, later)).toEqual(all(true));
  const lacksOne = { value: statusAt(8), version: at(11) };
  expect(await sampled(() => lacksOne, later)).toEqual(all(false));
  // It changes with each look.
  expect(await sampled(() => ({ ...lacksOne }), later)).toEqual([]);
  expect(await sampled(() => ({ value: statusAt(4), version: at(3) }))).toEqual(all(false));
});

test('an event that was under way differs at first only', async () => {
  const startMs = Date.now();
  const held = () => ({ value: statusAt(Date.now() - startMs < 2_000 ? 4 : 5), version: at(3) });
  expect(await sampled(held)).toEqual([
    [1_000, false],
    [5_000, true],
    [30_000, true],
  ]);
});

test('what would not be answered is not compared', async () => {
  expect(await sampled(() => undefined)).toEqual([]);
  expect(await sampled(() => ({ value: statusAt(4), version: at(3), isCurrent: false }))).toEqual([]);
});
