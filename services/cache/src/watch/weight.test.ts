import { expect, test } from 'vitest';
import type { Conditions } from '../domain/choice.ts';
import { weightOf } from './weight.ts';

const ANY: Conditions = {
  ...{ vehicleIds: undefined, box: undefined },
  ...{ fleet: '', tag: '', model: '', text: '', includeRetired: false },
};
const ids = (count: number) => Array.from({ length: count }, (_, at) => `bus-${at}`);
const narrow = { southDeg: 52, westDeg: 13, northDeg: 53, eastDeg: 14 };
const wide = { southDeg: -90, westDeg: -180, northDeg: 90, eastDeg: 180 };

test.each<[Partial<Conditions>, number]>([
  [{ vehicleIds: ids(1) }, 1],
  [{ vehicleIds: ids(10) }, 1],
  [{ vehicleIds: ids(11), fleet: 'north' }, 2],
  [{ vehicleIds: ids(1_000) }, 100],
  [{ fleet: 'north', box: wide }, 1],
  [{ tag: 'night' }, 1],
  [{ box: narrow }, 1],
  [{ box: wide }, 100],
  [{ model: 'Citaro', text: 'bus' }, 100],
  [{}, 100],
])('%o counts as %i', (conditions, places) => {
  expect(weightOf({ ...ANY, ...conditions })).toBe(places);
});
