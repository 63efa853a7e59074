import { createRandom } from '@odograph/kernel/random';
import { describe, expect, test } from 'vitest';
import type { Location } from '../location.ts';
import { at, type Came, flatDistanceM, momentsOf, signalIs, truthsOf } from '../moments.fixture.ts';
import { type Fence, type GeofenceOptions, geofence } from './geofence.ts';
import { moved } from './moved.ts';

/** On the flat map: 1,000 m wide, around the point (1000, 1000). */
const FENCE: Fence = {
  depthM: ({ latitude, longitude }) =>
    500 - Math.max(Math.abs(latitude - 1_000), Math.abs(longitude - 1_000)),
  isEnteredBetween: (from: Location, to: Location, depthM) =>
    Array.from({ length: 101 }, (_, part) => part / 100).some((part) => {
      const latitude = from.latitude + part * (to.latitude - from.latitude);
      const longitude = from.longitude + part * (to.longitude - from.longitude);
      return FENCE.depthM({ latitude, longitude }) >= depthM;
    }),
};

const on = (trigger: GeofenceOptions['on'], more: Partial<GeofenceOptions> = {}) =>
  geofence({ fence: FENCE, on: trigger, marginM: 25, distanceM: flatDistanceM, ...more });

/** Fixes every 20 s along the middle of the fence, at these metres from the left border of the map. */
const along = (metres: readonly number[], everyS = 20) =>
  momentsOf(metres.map((longitude, index): Came => [index * everyS, at(1_000, longitude)]));

describe('a geofence', () => {
  test.each([
    ['inside', [false, true, true, false]],
    ['outside', [true, false, false, true]],
    ['enter', [false, true, true, false]],
    ['exit', [false, false, false, true]],
    ['cross', [false, true, false, true]],
  ] as const)('%s, of a vehicle that comes and goes', (trigger, truths) => {
    expect(truthsOf(on(trigger), along([100, 600, 1_200, 1_600]))).toEqual(truths);
  });

  test.each([
    ['inside', [true, true]],
    ['enter', [false, false]],
    ['exit', [false, false]],
    ['cross', [false, false]],
  ] as const)('%s, of a vehicle whose first fix is inside already', (trigger, truths) => {
    expect(truthsOf(on(trigger), along([1_000, 1_100]))).toEqual(truths);
  });

  test('is not known before the first fix, nor while all of them are at the border', () => {
    const moments = momentsOf([
      [1, { speed_kmh: 3 }],
      [2, at(1_000, 510)],
      [3, at(1_000, 495)],
      [4, at(1_000, 600)],
    ]);
    expect(truthsOf(on('inside'), moments)).toEqual(['unknown', 'unknown', 'unknown', true]);
  });

  test('a visit between two fixes is an entry, and nothing lasting', () => {
    const passing = along([100, 1_900, 2_000], 60);
    expect(truthsOf(on('enter'), passing)).toEqual([false, true, false]);
    expect(truthsOf(on('cross'), passing)).toEqual([false, true, false]);
    expect(truthsOf(on('inside'), passing)).toEqual([false, false, false]);
  });

  test('dwell counts from the first fix inside', () => {
    const condition = on('dwell', { dwellMs: 60_000 });
    expect(truthsOf(condition, along([100, 600, 700, 800, 900, 1_700]))).toEqual([
      false,
      false,
      false,
      false,
      true,
      false,
    ]);
  });

  test('a receiver that is wrong by 15 m for eight hours at the border changes nothing', () => {
    const random = createRandom(7);
    const fixes = Array.from({ length: 8 * 3_600 }, () => 500 + (random.next() * 2 - 1) * 15);
    for (const start of [400, 600]) {
      expect(truthsOf(on('cross'), along([start, ...fixes], 1))).not.toContain(true);
    }
  });

  test('a fix that the vehicle cannot have reached does not count, nor does the way back', () => {
    expect(truthsOf(on('cross'), along([100, 100, 5_000, 110, 120], 10))).not.toContain(true);
    expect(truthsOf(on('exit'), along([700, 700, 9_000, 720, 730], 10))).not.toContain(true);
  });

  test('a vehicle that was carried is where its second fix is, and was not in between', () => {
    expect(truthsOf(on('enter'), along([100, 9_000, 9_010, 9_020], 10))).not.toContain(true);
    expect(truthsOf(on('exit'), along([700, 9_000, 9_010, 9_020], 10))).toEqual([false, false, true, true]);
  });
});

describe('moved', () => {
  const condition = () => moved({ overM: 200, while: signalIs('off'), distanceM: flatDistanceM });
  const fix = (atS: number, off: boolean, metres: number): Came => [atS, { off, ...at(0, metres) }];

  test('holds if a vehicle is far from where it was when it was switched off', () => {
    const samples = [fix(0, false, 0), fix(60, true, 1_000), fix(120, true, 1_190), fix(180, true, 1_210)];
    expect(truthsOf(condition(), momentsOf(samples))).toEqual([false, false, false, true]);
  });

  test('holds until it is switched on, also if the vehicle comes back', () => {
    const samples = [
      fix(0, true, 0),
      fix(60, true, 300),
      fix(120, true, 100),
      fix(180, false, 100),
      fix(240, true, 100),
    ];
    expect(truthsOf(condition(), momentsOf(samples))).toEqual([false, true, true, false, false]);
  });

  test('counts from the last fix before it was switched off, if there is none with that', () => {
    const samples: Came[] = [fix(0, false, 0), [60, { off: true }], fix(120, true, 400)];
    expect(truthsOf(condition(), momentsOf(samples))).toEqual([false, false, true]);
  });

  test('is not known without a fix, nor whether it is switched off', () => {
    expect(truthsOf(condition(), momentsOf([[0, {}], [1, { off: true }], fix(2, true, 0)]))).toEqual([
      'unknown',
      'unknown',
      false,
    ]);
  });

  test('one fix that cannot be is not believed', () => {
    const samples = [fix(0, true, 0), fix(1, true, 9_000), fix(2, true, 1)];
    expect(truthsOf(condition(), momentsOf(samples))).toEqual([false, false, false]);
  });
});
