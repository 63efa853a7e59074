import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import { expect, test } from 'vitest';
import { changesWhatIsKept, isClosed } from './outdating.ts';

const NOW_MS = Date.parse('2026-05-01T12:00:00Z');
const MINUTE_MS = 60_000;
const head = { subject: 'bus-1', reportId: 'a', observedAtMs: NOW_MS, receivedAtMs: NOW_MS };
const position = { partition: 0, sequence: 1, index: 0 };

const reported = (...agesMin: readonly number[]): VehicleEvent => ({
  ...{ type: 'TelemetryReported', ...head },
  samples: agesMin.map((age) => ({ observedAtMs: NOW_MS - age * MINUTE_MS, signals: { speed_kmh: 1 } })),
});
const changes = (event: VehicleEvent | undefined) =>
  changesWhatIsKept({ vehicleId: 'bus-1', position, event }, NOW_MS);

test('a range is closed an hour after its end, and one without an end never', () => {
  expect([0, NOW_MS, NOW_MS - 59 * MINUTE_MS].map((toMs) => isClosed(toMs, NOW_MS))).toEqual([
    false,
    false,
    false,
  ]);
  expect(isClosed(NOW_MS - 60 * MINUTE_MS, NOW_MS)).toBe(true);
});

test('a report changes what is kept if one of its samples may be in a range that some process takes for closed', () => {
  expect([reported(0), reported(29), reported()].map(changes)).toEqual([false, false, false]);
  expect([reported(31), reported(0, 3 * 60)].map(changes)).toEqual([true, true]);
});

test('so does a late report that conflicts with another, and one that cannot be believed does not', () => {
  const late = reported(90) as VehicleEvent & { type: 'TelemetryReported' };
  const quarantined = { ...head, type: 'TelemetryQuarantined', samples: [] } as const;
  expect(changes({ ...head, type: 'TelemetryConflicted', came: late, heldAt: position })).toBe(true);
  expect(changes({ ...head, type: 'TelemetryConflicted', came: quarantined, heldAt: position })).toBe(false);
  expect(changes(quarantined)).toBe(false);
});

test('and so does a decision, one about a parked event, and an event that cannot be read', () => {
  const decision = { ...head, aggregateVersion: 2, commandHash: '' };
  expect(changes({ ...decision, type: 'VehicleRetired' })).toBe(true);
  expect(changes({ ...head, type: 'ParkedEventDropped', projection: 'samples', position })).toBe(true);
  expect(changes(undefined)).toBe(true);
});
