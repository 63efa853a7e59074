import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import { expect, test } from 'vitest';
import { ruleIn } from '../rules/rule-of-document.ts';
import { logOf, MemoryStore, runProcess, Steps } from './crash.fixture.ts';

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
  const [log, store, steps] = [logOf(eventsOfHour()), new MemoryStore(), new Steps(crashAt)];
  const run = () => runProcess({ log, store, steps, compile: ruleIn });
  let last = await run();
  while (last.hasCrashed) last = await run();
  const made = log.events.filter(({ subject }) => subject.startsWith('alert/'));
  const byVehicle = Map.groupBy(made, ({ subject }) => subject);
  const told = Array.from(byVehicle, ([subject, own]) => [
    subject,
    own.map(({ type, reportId }) => `${type} ${reportId}`),
  ]);
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
