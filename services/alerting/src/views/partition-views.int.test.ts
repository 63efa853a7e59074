import type { AlertEvent, RuleEvent, SilenceEvent } from '@odograph/kernel/vehicle-event';
import { testMongo } from '@odograph/testing/engines';
import { expect, test } from 'vitest';
import { type RuleState, ruleDecider } from '../domain/rule-decisions.ts';
import { type SilenceState, silenceDecider } from '../domain/silence-decisions.ts';
import type { DecodedEvent } from '../evaluate/decoded-event.ts';
import { OutboxNotices } from '../notify/notice-store.ts';
import { Outbox } from '../notify/outbox.ts';
import { textIn } from '../rules/rule-of-document.ts';
import { AlertStore } from './alert-store.ts';
import { DecidedStore } from './decided-store.ts';
import { AlertingViews } from './partition-views.ts';
import { Reached } from './reached.ts';
import { RuleDocuments } from './rule-documents.ts';

const NOW_MS = Date.now();
const RECEIVER = { name: 'hook', severities: ['warning'] as const, groupWaitMs: () => 0 };
const ALERT = { id: 'low/a/1', rule: 'low', revision: 1, vehicleId: 'a', fleet: 'north' };

/** An event at a sequence, with its time in seconds from now. */
function eventAt(sequence: number, atS: number, event: object): DecodedEvent {
  const receivedAtMs = NOW_MS + atS * 1_000;
  const whole = { reportId: `r${sequence}`, observedAtMs: receivedAtMs, receivedAtMs, ...event };
  const position = { partition: 0, sequence, index: 0 };
  return { position, event: whole as DecodedEvent['event'], traceparent: '' };
}

const silenceAt = (sequence: number): DecodedEvent =>
  eventAt(sequence, 0, {
    ...{ type: 'SilenceSet', subject: 'silence/quiet', aggregateVersion: 1, commandHash: '' },
    ...{ rules: ['low'], vehicles: [], fleets: [], severities: [], by: 'ada', comment: '' },
    ...{ startsAtMs: NOW_MS, endsAtMs: NOW_MS + 60_000 },
  } satisfies Partial<SilenceEvent>);
const firedAt = (sequence: number, atS: number): DecodedEvent =>
  eventAt(sequence, atS, {
    ...{ type: 'AlertFired', subject: 'alert/a', alert: ALERT, startedAtMs: 1, atMs: 1 },
    ...{ severity: 'warning', because: 'condition', flapping: 'no', values: {} },
  } satisfies Partial<AlertEvent>);
const tickAt = (sequence: number, atS: number): DecodedEvent =>
  eventAt(sequence, atS, { type: 'TimeTicked', subject: 'clock/0' });

test('an alert whose process ends before it is saved is still told once when its silence is over', async () => {
  await using mongo = await testMongo();
  const { db } = mongo;
  const alerts = new AlertStore(db);
  await alerts.createIndexes();
  const outbox = await Outbox.open(db, { now: () => NOW_MS });
  const views = new AlertingViews({
    ...{ partitionCount: 1, alerts, reached: new Reached(db), receivers: [RECEIVER] },
    rules: new DecidedStore<RuleState, RuleEvent>(db, { collection: 'alerting_rules', ...ruleDecider }),
    silences: new DecidedStore<SilenceState, SilenceEvent>(db, {
      collection: 'alerting_silences',
      ...silenceDecider,
    }),
    documents: new RuleDocuments(db, textIn),
    notices: new OutboxNotices(outbox, () => undefined),
  });
  const apply = (...events: readonly DecodedEvent[]) =>
    views.apply(events, events.at(-1)?.position ?? { partition: 0, sequence: 0 });
  const told = async () => (await outbox.ofAlert(ALERT.id)).map(({ state }) => state);

  await apply(silenceAt(1));
  const save = alerts.save.bind(alerts);
  alerts.save = () => Promise.reject(new Error('the process has ended'));
  await expect(apply(firedAt(2, 1))).rejects.toThrow('the process has ended');
  alerts.save = save;
  await apply(firedAt(2, 1), tickAt(3, 10));
  expect(await told()).toEqual(['suppressed']);
  await apply(tickAt(4, 70));
  await apply(tickAt(4, 70), tickAt(5, 80));
  expect((await told()).sort()).toEqual(['suppressed', 'waiting']);
});
