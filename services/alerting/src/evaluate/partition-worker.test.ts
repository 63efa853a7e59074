import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import { expect, test, vi } from 'vitest';
import { ruleIn } from '../rules/rule-of-document.ts';
import { logOf, MemoryStore, MemoryViews, runProcess, Steps } from './crash.fixture.ts';
import { PartitionWorker } from './partition-worker.ts';

const START_MS = Date.UTC(2026, 4, 1);

/** Two vehicles that fall below a limit and rise again, with ticks between, under two rules of which one is revised. */
function eventsOfHour(): VehicleEvent[] {
  const events: VehicleEvent[] = [];
  const head = (subject: string, at: number) => {
    const receivedAtMs = START_MS + at * 5_000;
    return { subject, reportId: `${subject} ${at}`, observedAtMs: receivedAtMs, receivedAtMs };
  };
  const apply = (rule: string, version: number, document: string, at: number): VehicleEvent => {
    return { type: 'RuleApplied', ...head('rules/0', at), rule, version, revision: version, document };
  };
  events.push(apply('low', 1, 'rule: low\nwhen: battery_level_pct < 20\nkeep_firing_for: 10s\n', 0));
  events.push(apply('offline', 1, 'rule: offline\nwhen: { no_report_for: 20s }\n', 0));
  for (let at = 1; at < 24; at += 1) {
    for (const vehicle of ['a', 'b']) {
      if (vehicle === 'b' && at > 12 && at < 19) continue;
      const samples = [
        { observedAtMs: START_MS + at * 5_000, signals: { battery_level_pct: (at * 7) % 40 } },
      ];
      events.push({ type: 'TelemetryReported', ...head(vehicle, at), samples });
    }
    if (at % 2 === 0) events.push({ type: 'TimeTicked', ...head('clock/0', at) });
    if (at === 12) events.push(apply('low', 2, 'rule: low\nwhen: battery_level_pct < 30\n', at));
  }
  return events;
}

async function runToTheEnd(crashAt?: number) {
  const log = logOf(eventsOfHour());
  const [store, views, steps] = [new MemoryStore(), new MemoryViews(), new Steps(crashAt)];
  const run = () => runProcess({ log, store, views, steps, compile: ruleIn });
  let last = await run();
  while (last.hasCrashed) last = await run();
  const made = log.events.filter(({ subject }) => subject.startsWith('alert/'));
  const byVehicle = Map.groupBy(made, ({ subject }) => subject);
  const told = Array.from(byVehicle, ([subject, own]) => [
    subject,
    own.map(({ type, reportId }) => `${type} ${reportId}`),
  ]);
  const inLog = log.events.flatMap(({ subject, type, reportId }, at) =>
    subject.startsWith('alert/') ? [[at + 1, `${subject} ${type} ${reportId}`] as const] : [],
  );
  expect([...views.events].sort(([a], [b]) => a - b)).toEqual(inLog);
  return { told: Object.fromEntries(told), steps: steps.count, hash: last.hash };
}

test('a process that ends at any step is continued by the next: the log has each event of an alert once, in the same order', async () => {
  const whole = await runToTheEnd();
  expect(Object.values(whole.told).flat().length).toBeGreaterThan(8);
  for (let crashAt = 1; crashAt <= whole.steps; crashAt += 1) {
    const { told, hash } = await runToTheEnd(crashAt);
    expect(told, `ended at step ${crashAt}`).toEqual(whole.told);
    expect(hash, `ended at step ${crashAt}`).toBe(whole.hash);
  }
});

test('a checkpoint waits for the views: what they have not applied is read again', async () => {
  const log = logOf(eventsOfHour());
  const [store, checkpoints] = [new MemoryStore(), [] as number[]];
  const applied = Promise.withResolvers<void>();
  const fail = (error: unknown): never => {
    throw error;
  };
  const append = async (appends: readonly (readonly Event[])[]) => {
    log.append(appends.flat());
    return [{ partition: 0, sequence: log.events.length, index: 0 }];
  };
  const worker = new PartitionWorker({
    ...{ partition: 0, compile: ruleIn, storeEveryMs: 0 },
    views: { concerns: () => true, apply: () => applied.promise.then(() => []) },
    follow: (after, signal) => log.follow(after, signal),
    store: {
      load: async () => store.load(),
      saveVehicles: async () => undefined,
      saveCheckpoint: async ({ sequence }) => void checkpoints.push(sequence),
      forget: async () => undefined,
    },
    outgoing: {
      ...{ publisher: { appendAll: append }, clock: { now: () => 1 } },
      ...{ onTrouble: fail, onSuccess: () => undefined },
    },
    ...{ onTrouble: (_, error) => fail(error), onSuccess: () => undefined },
    ...{ onSkipped: (_, error) => fail(error), onEvaluated: () => undefined },
  });
  const ending = new AbortController();
  const running = worker.run(ending.signal);
  await vi.waitFor(() => expect([worker.through, worker.outgoingCount]).toEqual([log.events.length, 0]));
  for (let turns = 0; turns < 10; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(checkpoints).toEqual([]);
  ending.abort();
  applied.resolve();
  await running;
  expect(checkpoints.at(-1)).toBe(log.events.length);
});
