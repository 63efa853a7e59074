import type { Projection } from '@odograph/kernel/projection';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import { fold } from '@odograph/projections/deliver.fixture';
import { status } from '@odograph/projections/status';
import { anyEvents, anyRegistrations } from '@odograph/projections/vehicle-events.arbitrary';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { registrationProjection } from './registration/registration-projection.ts';
import { samples } from './samples/samples.ts';

const anyOfBoth = fc.tuple(anyEvents, anyRegistrations).map((both): readonly VehicleEvent[] => both.flat());

function checkCopies<S>(
  projection: Projection<S>,
  first: readonly VehicleEvent[],
  then: readonly VehicleEvent[],
) {
  const kept = fold(projection, first);
  const before = structuredClone(kept);
  const copies = new Map<string, S>();
  for (const [at, event] of then.entries()) {
    const change = projection.read(event, { partition: 0, sequence: 1, index: first.length + at });
    for (const key of change.keys) {
      const slice = kept.get(key);
      const copy = copies.get(key) ?? (slice ? projection.copy(slice) : projection.initial('V1', key));
      change.applyTo(copy, key);
      copies.set(key, copy);
    }
  }
  expect(kept).toEqual(before);
  expect(new Map([...kept, ...copies])).toEqual(fold(projection, [...first, ...then]));
}

test.each<[string, (first: readonly VehicleEvent[], then: readonly VehicleEvent[]) => void]>([
  ['status', (...events) => checkCopies(status, ...events)],
  ['samples', (...events) => checkCopies(samples, ...events)],
  ['registration', (...events) => checkCopies(registrationProjection, ...events)],
])('a copy of a slice of %s goes on as the slice would, and leaves it as it was', (_, check) => {
  fc.assert(fc.property(anyOfBoth, anyOfBoth, check));
});
