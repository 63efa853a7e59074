import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import { fold } from '@odograph/projections/deliver.fixture';
import { status, statusOf } from '@odograph/projections/status';
import { anyEvents, anyRegistrations } from '@odograph/projections/vehicle-events.arbitrary';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EMPTY_PROFILE, listedAs, locationOf, mergeProfiles, profileOf } from './profile.ts';

const anyLog = fc.tuple(anyEvents, anyRegistrations).map((both): readonly VehicleEvent[] => both.flat());

const sliceAfter = (events: readonly VehicleEvent[]) =>
  fold(status, events).get('') ?? status.initial('V1', '');
const after = (events: readonly VehicleEvent[]) => profileOf(sliceAfter(events));

test('the profiles of single events, merged in any order and repeated, are the profile of the status', () => {
  fc.assert(
    fc.property(
      anyLog.chain((events) =>
        fc.tuple(fc.constant(events), fc.shuffledSubarray([...events, ...events], { minLength: 0 })),
      ),
      ([events, some]) => {
        const merged = [...some, ...events]
          .map((event) => after([event]))
          .reduce(mergeProfiles, EMPTY_PROFILE);
        expect(merged).toEqual(after(events));
      },
    ),
  );
});

test('a merge that changes nothing gives what was held', () => {
  fc.assert(
    fc.property(anyLog, (events) => {
      const held = after(events);
      for (const event of events)
        expect(mergeProfiles(held, mergeProfiles(EMPTY_PROFILE, after([event])))).toEqual(held);
      expect(mergeProfiles(held, EMPTY_PROFILE)).toBe(held);
    }),
  );
});

test('a list sees of a profile what it sees of the status', () => {
  fc.assert(
    fc.property(anyLog, (events) => {
      const known = statusOf(sliceAfter(events));
      if (!known) return;
      const { fleet, model, displayName, tags, isRetired, vin } = known;
      expect(listedAs(after(events))).toEqual({
        ...{ fleet, model, displayName, tags, isRetired },
        ...(vin && { vin }),
      });
    }),
  );
});

test('a location has both coordinates', () => {
  const at = (signals: Record<string, number>) =>
    locationOf(
      after([
        {
          type: 'TelemetryReported',
          subject: 'V1',
          reportId: 'a',
          observedAtMs: 1,
          receivedAtMs: 1,
          samples: [{ observedAtMs: 1, signals }],
        },
      ]),
    );
  expect(at({ latitude_deg: 1, longitude_deg: 2 })).toEqual({ latitudeDeg: 1, longitudeDeg: 2 });
  expect(at({ latitude_deg: 1 })).toBeUndefined();
});
