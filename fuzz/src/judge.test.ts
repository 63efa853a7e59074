import { expect, test } from 'vitest';
import type { Operation } from './canary/canary.ts';
import type { CanaryReply } from './canary/canary-process.ts';
import type { Target } from './inputs/script.ts';
import { Judge } from './judge.ts';
import type { Holder } from './memory.ts';
import type { Broken } from './verdict.ts';

const SERVED: Operation = { name: 'Report', endedAtMs: 1, tookMs: 1, lagMs: 0 };

interface Seen {
  readonly operations?: readonly Operation[];
  readonly processes?: readonly Broken[];
  readonly holders?: readonly Holder[];
}

/** The rules that are broken after the last input. */
async function endOf({ operations = [], processes = [], holders = [] }: Seen) {
  const reply = async (): Promise<CanaryReply> => ({ operations, acknowledged: {} });
  const judge = new Judge({
    cluster: { histories: [], caches: [], alertings: [], ingest: undefined as never },
    canary: { settle: reply, stop: reply },
    processes: { look: () => processes, holders: () => holders },
    target: {} as Target,
  });
  await judge.end();
  return judge.violations.all();
}

test('what goes well after the last input breaks no rule', async () => {
  expect(await endOf({ operations: [SERVED] })).toEqual([]);
});

test('the end of a process after the last input breaks a rule', async () => {
  const ended = { rule: 'no process ends', detail: 'history-1 ended' };
  expect(await endOf({ processes: [ended] })).toMatchObject([ended]);
});

test('a call of the canary that fails after the last input breaks a rule', async () => {
  const failed = { ...SERVED, failure: 'UNAVAILABLE: gone' };
  expect(await endOf({ operations: [SERVED, failed] })).toMatchObject([{ rule: 'the canary is served' }]);
});

test('a delay after the last input breaks a rule at once', async () => {
  expect(await endOf({ operations: [{ ...SERVED, tookMs: 900 }] })).toHaveLength(1);
});
