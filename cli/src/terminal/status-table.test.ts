import { expect, test } from 'vitest';
import { NOW_MS, statusOf } from '../live/fleet.fixture.ts';
import { fleetTable, vehicleTable } from './status-table.ts';

test('a long text widens no other row of the table of a vehicle', () => {
  const status = statusOf('bus-1', { speed_kmh: 1, 'Vehicle.Overlay.Transit.TripHeadsign': 'x'.repeat(256) });
  const lines = vehicleTable(status, { nowMs: NOW_MS, maxWidth: Number.POSITIVE_INFINITY }).split('\n');
  const observedAt = new Date(NOW_MS - 1_000).toISOString();
  expect(lines.find((line) => line.startsWith('speed_kmh'))).toMatch(new RegExp(`${observedAt}  1$`));
  expect(lines.filter((line) => line.length > 80)).toEqual([expect.stringMatching(/ {2}x{256}$/)]);
});

test('the rows of a vehicle fit a terminal of 80 columns, also with a long path', () => {
  const path = 'Vehicle.Chassis.Axle.Row1.Wheel.Left.Tire.Pressure';
  const table = vehicleTable(statusOf('bus-1', { [path]: 250 }), { nowMs: NOW_MS, maxWidth: 80 });
  expect(table).toContain(`${path}  1 s ago   250`);
  expect(table.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

test('a vehicle without values says why', () => {
  const room = { nowMs: NOW_MS, maxWidth: 80 };
  expect(vehicleTable(statusOf('bus-1', {}), room)).toContain('no value that it reported was believed');
  const registered = { ...statusOf('bus-1', {}), last_observed_at: null, last_received_at: null };
  expect(vehicleTable(registered, room)).toContain('it has not reported yet');
});

test('levels of a fleet are whole percents with their unit', () => {
  const statuses = [statusOf('bus-1', { battery_level_pct: 79.6, fuel_level_pct: 5 })];
  expect(fleetTable(statuses, Number.POSITIVE_INFINITY)).toMatch(/ 80 % +5 % /);
});
