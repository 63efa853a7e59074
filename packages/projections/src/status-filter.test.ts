import { DEFAULT_REGISTRATION } from '@odograph/kernel/registration';
import type { VehicleStatus } from '@odograph/kernel/vehicle-status';
import { expect, test } from 'vitest';
import { matcherOf, type StatusFilter } from './status-filter.ts';

const { vin: _, ...defaults } = DEFAULT_REGISTRATION;
const KNOWN: VehicleStatus = {
  ...{ ...defaults, fleet: 'north', model: 'Citaro', displayName: 'Grüner Bus', tags: ['day', 'depot:7'] },
  ...{ vin: '1M8GDM9AXKP042788', isRetired: false, registeredVin: '', registrationVersion: 1 },
  ...{ latest: new Map(), hasMoreSignals: false },
};
const ANY: StatusFilter = { fleet: '', tag: '', model: '', text: '', includeRetired: false };

const matches = (filter: Partial<StatusFilter>, known: Partial<VehicleStatus> = {}) =>
  matcherOf({ ...ANY, ...filter })('bus-7', { ...KNOWN, ...known });

test.each([
  [true, {}],
  [true, { fleet: 'north', tag: 'depot:7', model: 'Citaro' }],
  [false, { fleet: 'nort' }],
  [false, { tag: 'depot' }],
  [false, { model: 'citaro' }],
  [true, { text: 'GRÜNER' }],
  [true, { text: 'S-7' }],
  [true, { text: 'citaro' }],
  [true, { text: '9axkp' }],
  [false, { text: 'depot' }],
  [false, { fleet: 'north', text: 'red' }],
])('is %s for %j', (isMatch, filter) => expect(matches(filter)).toBe(isMatch));

test('a retired vehicle is in a list only if the list asks for it', () => {
  expect(matches({}, { isRetired: true })).toBe(false);
  expect(matches({ includeRetired: true }, { isRetired: true })).toBe(true);
});
