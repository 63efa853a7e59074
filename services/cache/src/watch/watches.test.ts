import { DEFAULT_REGISTRATION } from '@odograph/kernel/registration';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Conditions } from '../domain/choice.ts';
import { EMPTY_PROFILE, type Profile } from '../domain/profile.ts';
import { MAX_CHANGED } from './watch.ts';
import { Watches } from './watches.ts';

const ANY: Conditions = {
  ...{ vehicleIds: undefined, box: undefined },
  ...{ fleet: '', tag: '', model: '', text: '', includeRetired: false },
};

const anyProfile: fc.Arbitrary<Profile> = fc
  .record({
    fleet: fc.constantFrom('north', 'south'),
    tags: fc.subarray(['day', 'night']),
    latitude: fc.integer({ min: -90, max: 90 }),
    longitude: fc.integer({ min: -180, max: 180 }),
    isRetired: fc.boolean(),
  })
  .map(({ fleet, tags, latitude, longitude, isRetired }) => ({
    ...EMPTY_PROFILE,
    registration: { value: { ...DEFAULT_REGISTRATION, fleet, tags }, version: 1 },
    retiredAtVersion: isRetired ? 2 : 0,
    latitude: { value: latitude, observedAtMs: 1, reportId: 'a' },
    longitude: { value: longitude, observedAtMs: 1, reportId: 'a' },
  }));

const degrees = (most: number) => fc.integer({ min: -most, max: most });
const anyConditions: fc.Arbitrary<Conditions> = fc
  .record(
    {
      vehicleIds: fc.subarray(['bus-1', 'bus-2'], { minLength: 1 }),
      fleet: fc.constantFrom('north', 'south'),
      tag: fc.constantFrom('day', 'night'),
      box: fc.record({
        southDeg: degrees(90),
        westDeg: degrees(180),
        northDeg: degrees(90),
        eastDeg: degrees(180),
      }),
      includeRetired: fc.boolean(),
    },
    { requiredKeys: [] },
  )
  .map((some) => ({ ...ANY, ...some }));

test('a watch sees each change of a vehicle that meets its conditions, and each that no longer does, and no other', () => {
  const anyChange = fc.record({
    vehicleId: fc.constantFrom('bus-1', 'bus-2', 'bus-3'),
    before: fc.option(anyProfile, { nil: undefined }),
    after: anyProfile,
  });
  fc.assert(
    fc.property(fc.array(anyConditions, { minLength: 1 }), anyChange, (all, { vehicleId, before, after }) => {
      const watches = new Watches();
      const opened = all.map((conditions) => watches.open(conditions));
      watches.changed(vehicleId, { before, after });
      for (const watch of opened) {
        const is = watch.choice(vehicleId, after);
        const was = before !== undefined && watch.choice(vehicleId, before);
        expect(watch.take(10)).toEqual({
          changed: is ? [vehicleId] : [],
          left: was && !is ? [vehicleId] : [],
        });
      }
      for (const watch of opened) watches.close(watch);
      watches.changed(vehicleId, { before, after });
      expect(opened.map((watch) => watch.take(10).changed)).toEqual(opened.map(() => []));
      expect(watches.size).toBe(0);
    }),
  );
});

test('a vehicle that changes often is taken once, and one that comes back has not left', () => {
  const watches = new Watches();
  const watch = watches.open({ ...ANY, fleet: 'default' });
  const gone = { ...EMPTY_PROFILE, retiredAtVersion: 1 };
  for (let times = 0; times < 3; times += 1)
    watches.changed('a', { before: EMPTY_PROFILE, after: EMPTY_PROFILE });
  watches.changed('b', { before: EMPTY_PROFILE, after: gone });
  watches.changed('b', { before: gone, after: EMPTY_PROFILE });
  watches.changed('c', { before: EMPTY_PROFILE, after: EMPTY_PROFILE });
  watches.changed('c', { before: EMPTY_PROFILE, after: gone });
  expect(watch.take(10)).toEqual({ changed: ['a', 'b'], left: ['c'] });
  expect(watch.take(10)).toEqual({ changed: [], left: [] });
});

test('a watch that is too slow begins again, and keeps a bounded number of changes', async () => {
  const watches = new Watches();
  const watch = watches.open(ANY);
  expect([watch.takeBeginning(), watch.takeBeginning()]).toEqual([true, false]);
  for (let at = 0; at <= MAX_CHANGED; at += 1)
    watches.changed(`bus-${at}`, { before: undefined, after: EMPTY_PROFILE });
  await watch.arrived();
  expect(watch.takeBeginning()).toBe(true);
  expect(watch.take(MAX_CHANGED).changed).toEqual([]);
});

test('a watch is woken by what concerns it, and when all begins again', async () => {
  const watches = new Watches();
  const watch = watches.open({ ...ANY, vehicleIds: ['a'] });
  watch.takeBeginning();
  const arrived = watch.arrived();
  watches.changed('b', { before: undefined, after: EMPTY_PROFILE });
  watches.changed('a', { before: undefined, after: EMPTY_PROFILE });
  await arrived;
  expect(watch.take(10).changed).toEqual(['a']);
  const again = watch.arrived();
  watches.beginAgain();
  await again;
  expect(watch.takeBeginning()).toBe(true);
});
