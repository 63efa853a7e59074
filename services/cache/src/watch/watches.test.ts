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

/** A watch that has sent everything. */
function openSettled(watches: Watches, conditions: Conditions) {
  const watch = watches.open(conditions);
  watch.takeBeginning();
  watch.sent([], false);
  return watch;
}

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
      const opened = all.map((conditions) => openSettled(watches, conditions));
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
  const watch = openSettled(watches, { ...ANY, fleet: 'default' });
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

const changeOf = (watches: Watches, vehicleId: string) =>
  watches.changed(vehicleId, { before: EMPTY_PROFILE, after: EMPTY_PROFILE });
const idsOf = (count: number) => Array.from({ length: count }, (_, at) => `bus-${at}`);

test('a watch that is too slow begins again, and keeps nothing until it does', async () => {
  const watches = new Watches();
  const watch = watches.open(ANY);
  expect([watch.takeBeginning(), watch.takeBeginning()]).toEqual([true, false]);
  watch.sent([], false);
  for (const vehicleId of idsOf(MAX_CHANGED + 1)) changeOf(watches, vehicleId);
  await watch.arrived();
  for (const vehicleId of idsOf(10)) changeOf(watches, vehicleId);
  expect(watch.waiting).toBe(0);
  expect(watch.takeBeginning()).toBe(true);
  expect(watch.take(MAX_CHANGED).changed).toEqual([]);
});

test('a watch that has sent many vehicles may have more changes to send', () => {
  const watches = new Watches();
  const watch = watches.open(ANY);
  watch.takeBeginning();
  const ids = idsOf(2 * MAX_CHANGED);
  watch.sent(ids.slice(MAX_CHANGED), false);
  for (const vehicleId of ids) changeOf(watches, vehicleId);
  expect([watch.waiting, watch.takeBeginning()]).toEqual([ids.length, false]);
  changeOf(watches, 'one more');
  expect(watch.takeBeginning()).toBe(true);
});

test('while everything is sent, what comes later need not be sent apart, unless it is new or leaves', () => {
  const watches = new Watches();
  const watch = watches.open({ ...ANY, fleet: 'default' });
  const gone = { ...EMPTY_PROFILE, retiredAtVersion: 1 };
  watch.takeBeginning();
  changeOf(watches, 'a');
  watch.sent(['a', 'c'], true);
  for (const vehicleId of ['a', 'b', 'c', 'd']) changeOf(watches, vehicleId);
  watches.changed('e', { before: undefined, after: EMPTY_PROFILE });
  watches.changed('f', { before: gone, after: EMPTY_PROFILE });
  watches.changed('g', { before: EMPTY_PROFILE, after: gone });
  expect(watch.take(10)).toEqual({ changed: ['a', 'b', 'c', 'e', 'f'], left: ['g'] });
  watch.sent(['d', 'e', 'f'], false);
  changeOf(watches, 'h');
  expect(watch.take(10).changed).toEqual(['h']);
});

test('all watches together keep a bounded number of changes, and those with most begin again', () => {
  const watches = new Watches(100);
  const slow = openSettled(watches, { ...ANY, fleet: 'default' });
  const quick = openSettled(watches, { ...ANY, vehicleIds: idsOf(5) });
  for (const vehicleId of idsOf(96)) changeOf(watches, vehicleId);
  expect([slow.waiting, quick.waiting]).toEqual([0, 5]);
  expect([slow.takeBeginning(), quick.takeBeginning()]).toEqual([true, false]);
});

test('a watch is woken by what concerns it, and when all begins again', async () => {
  const watches = new Watches();
  const watch = watches.open({ ...ANY, vehicleIds: ['a'] });
  watch.takeBeginning();
  watch.sent([], false);
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
