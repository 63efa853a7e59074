import { expect, test } from 'vitest';
import { NOW_MS, statusOf } from '../live/fleet.fixture.ts';
import { vehicleTable } from './status-table.ts';

test('a long text widens no other row of the table of a vehicle', () => {
  const status = statusOf('bus-1', { speed_kmh: 1, 'Vehicle.Overlay.Transit.TripHeadsign': 'x'.repeat(256) });
  const lines = vehicleTable(status).split('\n');
  const observedAt = new Date(NOW_MS - 1_000).toISOString();
  expect(lines.find((line) => line.startsWith('speed_kmh'))).toMatch(new RegExp(`${observedAt}  1$`));
  expect(lines.filter((line) => line.length > 80)).toEqual([expect.stringMatching(/ {2}x{256}$/)]);
});
