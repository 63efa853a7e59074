import { ENVELOPES, eventsOf, type ScriptedLog, startLog, type Turn } from '@odograph/client/history.fixture';
import { unavailable } from '@odograph/client/server.fixture';
import { afterEach, describe, expect, test } from 'vitest';
import { toLoggedEvent } from '../client/logged-event.ts';
import { startFollower } from './follower.ts';

let server: ScriptedLog | undefined;

afterEach(() => server?.kill());

const HEADS = [0, 1].map((partition) => ({ partition, sequence: ENVELOPES }));
const SEQUENCES = Array.from({ length: ENVELOPES }, (_, at) => at + 1);
const LOG = HEADS.flatMap(({ partition }) => SEQUENCES.flatMap((sequence) => eventsOf(partition, sequence)))
  .filter(({ event }) => event?.type !== 'TimeTicked')
  .map(({ position, event }) => toLoggedEvent({ position, event } as Parameters<typeof toLoggedEvent>[0]));

const THE_REST: Turn = { messages: Number.POSITIVE_INFINITY, end: 'stay' };
const INTERNAL = { code: 13, message: 'internal error 7' };

/** The violations of a subscription that ends as the turns say. */
async function checkAfter(turns: readonly Turn[], log = LOG) {
  server = await startLog({ turns });
  return await startFollower(server.endpoint).check(log, HEADS, 10_000);
}

describe('a follower', () => {
  test('resumes behind the last position after each disconnect', async () => {
    const turns: Turn[] = [
      { messages: 7, end: unavailable('history stops', 10) },
      { messages: 0, end: 'end' },
      { messages: 9, end: 'end' },
    ];
    expect(await checkAfter([...turns, THE_REST])).toEqual([]);
    expect(server?.subscriptions.map(({ after }) => after.map(({ sequence }) => sequence))).toEqual([
      [],
      [4, 3],
      [4, 3],
      [8, 8],
    ]);
  });

  test('breaks a rule if it fails in a way that a retry cannot help', async () => {
    const rule = 'a subscription fails only in ways that a retry can help';
    const detail = 'it failed with INTERNAL: internal error 7';
    expect(await checkAfter([{ messages: 7, end: INTERNAL }, THE_REST])).toEqual([{ rule, detail }]);
  });

  test('breaks a rule if it did not see exactly the log', async () => {
    const [first, ...others] = LOG;
    const violations = await checkAfter([THE_REST], others);
    expect(violations.map(({ rule }) => rule)).toEqual(['a subscriber sees exactly the log']);
    expect(violations[0]?.detail).toContain(`it received TelemetryReported ${first?.identity}`);
  });
});
