import type { Alert } from '@odograph/client/alert';
import { expect, it } from 'vitest';
import { alertsTable, alertTables, changeInWords } from './alert-table.ts';

const AT_MS = Date.UTC(2026, 10, 21, 10);
const ALERT: Alert = {
  ...{ id: 'low/bus-1/a', rule: 'low', revision: 1, vehicleId: 'bus-1', fleet: '', because: '' },
  ...{ state: 'pending', severity: undefined, startedAtMs: AT_MS, isLate: false, isFlapping: false },
  values: {},
};

it('a terminal that is too narrow shows the id, which names the rest', () => {
  const [head, row] = alertsTable([ALERT], { nowMs: AT_MS + 3_000, maxWidth: 60 }).split('\n');
  expect(head).toMatch(/^state +severity +for +acknowledged by +id$/);
  expect(row).toMatch(/^pending +3 s +low\/bus-1\/a$/);
});

it('an alert that began in the future, by the clock of its vehicle, has lasted for no time', () => {
  expect(alertsTable([ALERT], { nowMs: AT_MS - 90_000, maxWidth: Number.POSITIVE_INFINITY })).toMatch(
    / 0 s /,
  );
});

it('what was known late, or flaps, says so', () => {
  const alert = { ...ALERT, isLate: true, isFlapping: true };
  const text = alertTables({ alert, history: [], notices: [] }, AT_MS);
  expect(text).toMatch(/known late +yes, .*\nflapping +yes: /);
});

it('a change is one line that controls no terminal', () => {
  const values = { b: '2', a: '\x1b[31m' };
  const line = changeInWords({ ...ALERT, state: 'firing', severity: 'critical', values });
  expect(line).toBe('firing      critical  low/bus-1/a  since 2026-11-21T10:00:00.000Z  a=\\u001b[31m b=2');
});
