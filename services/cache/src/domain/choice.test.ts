import { DEFAULT_REGISTRATION } from '@odograph/kernel/registration';
import { expect, test } from 'vitest';
import { type Box, type Conditions, choiceOf } from './choice.ts';
import { EMPTY_PROFILE, type Profile } from './profile.ts';

const ANY: Conditions = {
  ...{ vehicleIds: undefined, box: undefined },
  ...{ fleet: '', tag: '', model: '', text: '', includeRetired: false },
};
const NORTH = { value: { ...DEFAULT_REGISTRATION, fleet: 'north', tags: ['day'] }, version: 1 };

const at = (latitude: number, longitude: number): Profile => {
  const reading = (value: number) => ({ value, observedAtMs: 1, reportId: 'a' });
  return { ...EMPTY_PROFILE, latitude: reading(latitude), longitude: reading(longitude) };
};
const meets = (conditions: Partial<Conditions>, profile: Profile = EMPTY_PROFILE) =>
  choiceOf({ ...ANY, ...conditions })('bus-7', profile);

test.each<[boolean, Partial<Conditions>, Profile]>([
  [true, {}, EMPTY_PROFILE],
  [true, { vehicleIds: ['bus-7'] }, EMPTY_PROFILE],
  [false, { vehicleIds: ['bus-8'] }, EMPTY_PROFILE],
  [true, { fleet: 'default' }, EMPTY_PROFILE],
  [true, { fleet: 'north', tag: 'day' }, { ...EMPTY_PROFILE, registration: NORTH }],
  [false, { fleet: 'north', tag: 'night' }, { ...EMPTY_PROFILE, registration: NORTH }],
  [false, {}, { ...EMPTY_PROFILE, registration: NORTH, retiredAtVersion: 2 }],
  [true, { includeRetired: true }, { ...EMPTY_PROFILE, registration: NORTH, retiredAtVersion: 2 }],
])('is %s for %j', (isMet, conditions, profile) => expect(meets(conditions, profile)).toBe(isMet));

const BERLIN: Box = { southDeg: 52.3, westDeg: 13, northDeg: 52.7, eastDeg: 13.8 };
const FIJI: Box = { southDeg: -20, westDeg: 176, northDeg: -15, eastDeg: -178 };

test.each<[boolean, Box, number, number]>([
  [true, BERLIN, 52.5, 13.4],
  [true, BERLIN, 52.3, 13],
  [true, BERLIN, 52.7, 13.8],
  [false, BERLIN, 52.2, 13.4],
  [false, BERLIN, 52.5, 13.9],
  [true, FIJI, -18, 178],
  [true, FIJI, -18, -179],
  [false, FIJI, -18, 170],
  [false, FIJI, -18, -170],
])('is %s for the box %j and %d, %d', (isIn, box, latitude, longitude) => {
  expect(meets({ box }, at(latitude, longitude))).toBe(isIn);
});

test('a vehicle without a location is in no box', () => expect(meets({ box: BERLIN })).toBe(false));
