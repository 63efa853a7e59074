import type { ChangeOfAlert } from '@odograph/kernel/alert-event';
import type { AlertEvent } from '@odograph/kernel/vehicle-event';
import { expect, test } from 'vitest';
import { type AlertRecord, recordAfter } from './alert-record.ts';

const ALERT = { id: 'speeding/v/1', rule: 'speeding', revision: 1, vehicleId: 'v', fleet: 'north' };
const FIRED: ChangeOfAlert = {
  ...{ type: 'AlertFired', alert: ALERT, startedAtMs: 1_000, atMs: 2_000, severity: 'warning' },
  ...{ because: 'condition', flapping: 'no', values: { speed_kmh: '140' } },
};
const RESOLVED: ChangeOfAlert = { type: 'AlertResolved', alert: ALERT, atMs: 5_000, because: 'condition' };

type Change =
  | ChangeOfAlert
  | Pick<Extract<AlertEvent, { type: 'AlertAcknowledged' }>, 'type' | 'alertId' | 'by' | 'note'>;
const acknowledgedBy = (by: string): Change => {
  return { type: 'AlertAcknowledged', alertId: ALERT.id, by, note: '' };
};

/** The record after changes, each a second after the one before. */
function after(...changes: readonly Change[]): AlertRecord | undefined {
  return changes.reduce<AlertRecord | undefined>((record, change, at) => {
    const head = { subject: 'alert/v', reportId: '', observedAtMs: 0, receivedAtMs: 1_000 * at };
    return recordAfter(record, { ...head, ...change } as AlertEvent);
  }, undefined);
}

test('the first one who acknowledges an alert takes care of it until it ends', () => {
  const acknowledged = after(FIRED, acknowledgedBy('ada'), acknowledgedBy('bob'));
  expect(acknowledged?.acknowledged).toEqual({ by: 'ada', note: '', atMs: 1_000 });
  expect(after(FIRED, acknowledgedBy('ada'), RESOLVED)?.acknowledged?.by).toBe('ada');
  expect(after(FIRED, acknowledgedBy('ada'), RESOLVED, FIRED)?.acknowledged).toBeUndefined();
  expect(after(FIRED, RESOLVED, acknowledgedBy('ada'))?.acknowledged).toBeUndefined();
  expect(after(acknowledgedBy('ada'))).toBeUndefined();
});

test('each event in the history of an alert has its time', () => {
  const pending: ChangeOfAlert = { type: 'AlertPending', alert: ALERT, startedAtMs: 1_000 };
  const late = { alert: ALERT, severity: 'warning', startedAtMs: 1_000, firedAtMs: 3_000 } as const;
  const record = after(pending, FIRED, { type: 'AlertCorrected', ...late }, RESOLVED);
  expect(record?.history.map(({ type, atMs }) => [type, atMs])).toEqual([
    ...[
      ['AlertPending', 1_000],
      ['AlertFired', 2_000],
    ],
    ...[
      ['AlertCorrected', 3_000],
      ['AlertResolved', 5_000],
    ],
  ]);
});
