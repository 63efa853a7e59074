import type { Projection } from '@odograph/kernel/projection';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import { applyEvent, deliver, fold, keysOf, open } from '@odograph/projections/deliver.fixture';
import { status, statusOf } from '@odograph/projections/status';
import type { StatusSlice } from '@odograph/projections/status-slice';
import { anyEvents, anyRegistrations } from '@odograph/projections/vehicle-events.arbitrary';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { registrationProjection } from './registration/registration-projection.ts';
import { countSamples, readSamples } from './samples/read-samples.fixture.ts';
import { type SamplesSlice, samples } from './samples/samples.ts';

const ALL = { fromMs: 0, toMs: Number.POSITIVE_INFINITY, limit: 1_000 };

const statusQueries = [(slice: StatusSlice) => [...status.toDocuments(slice)], statusOf];
const samplesQueries = [
  (slice: SamplesSlice) => [...samples.toDocuments(slice)],
  (slice: SamplesSlice) => readSamples(slice, ALL),
  (slice: SamplesSlice) => readSamples(slice, { ...ALL, signals: ['latitude_deg'] }),
  (slice: SamplesSlice) => countSamples(slice, ALL),
];

/** Reports of a vehicle, then the decisions about it. */
const anyLog: fc.Arbitrary<readonly VehicleEvent[]> = fc
  .tuple(anyEvents, anyRegistrations)
  .map((both) => both.flat());

/** Runs every query on every slice of some events, part of them stored before; each slice must be as it was. */
function expectNoChange<S>(projection: Projection<S>, queries: readonly ((slice: S) => unknown)[]): void {
  fc.assert(
    fc.property(anyEvents, anyLog, (stored, events) => {
      for (const slice of fold(projection, events, deliver(projection, [stored])).values()) {
        const before = structuredClone(slice);
        for (const query of queries) query(slice);
        expect(slice).toEqual(before);
      }
    }),
  );
}

/** Folds the events of several vehicles alternately; gives the documents of each, by key. */
function foldAlternately<S>(projection: Projection<S>, vehicles: readonly (readonly VehicleEvent[])[]) {
  const slices = vehicles.map(() => new Map<string, S>());
  for (let at = 0; vehicles.some((events) => at < events.length); at += 1) {
    for (const [vehicle, events] of vehicles.entries()) {
      const event = events[at];
      for (const key of event ? keysOf(projection, event) : []) {
        const slice = slices[vehicle]?.get(key) ?? open(projection, key, undefined);
        slices[vehicle]?.set(key, slice);
        applyEvent(projection, slice, key, event as VehicleEvent);
      }
    }
  }
  return slices.map(
    (byKey) => new Map([...byKey].map(([key, slice]) => [key, [...projection.toDocuments(slice)]])),
  );
}

function expectNoMemory<S>(projection: Projection<S>): void {
  fc.assert(
    fc.property(anyLog, anyLog, (first, second) => {
      const alone = [first, second].flatMap((events) => foldAlternately(projection, [events]));
      expect(foldAlternately(projection, [first, second])).toEqual(alone);
    }),
  );
}

describe('a projection is pure', () => {
  test('a query of a status does not change its slice', () => expectNoChange(status, statusQueries));
  test('a query of samples does not change their slice', () => expectNoChange(samples, samplesQueries));
  test('a query of a registration does not change its slice', () =>
    expectNoChange(registrationProjection, [(slice) => [...registrationProjection.toDocuments(slice)]]));
  test('the registration of a vehicle does not depend on events of another', () =>
    expectNoMemory(registrationProjection));
  test('the status of a vehicle does not depend on events of another', () => expectNoMemory(status));
  test('the samples of a vehicle do not depend on events of another', () => expectNoMemory(samples));

  test('a query of a status with too many signals does not change its slice', () => {
    const signals = Object.fromEntries(Array.from({ length: 3_000 }, (_, at) => [`Vehicle.S${at}`, at]));
    const head = { subject: 'V1', reportId: 'a', observedAtMs: 1, receivedAtMs: 1 };
    const halves = [Object.entries(signals).slice(0, 1_500), Object.entries(signals).slice(1_500)];
    const slice = status.initial('V1', '');
    for (const half of halves) {
      const sample = { observedAtMs: 1, signals: Object.fromEntries(half) };
      applyEvent(status, slice, '', { type: 'TelemetryReported', ...head, samples: [sample] });
    }
    expect(statusOf(slice)?.hasMoreSignals).toBe(true);
    expect(slice.latest.size).toBe(3_000);
    expect(slice.hasMoreSignals).toBe(false);
  });
});
