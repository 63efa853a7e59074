import { createRandom } from '@odograph/kernel/random';
import fc from 'fast-check';
import geodesic from 'geographiclib-geodesic';
import { describe, expect, test } from 'vitest';
import type { Location } from '../domain/location.ts';
import { type Area, distanceM, fenceOf } from './fences.ts';

const WGS84 = geodesic.Geodesic.WGS84;

/** Where one comes from a place in a direction, on the ellipsoid. */
function away({ latitude, longitude }: Location, metres: number, bearing: number): Location {
  const { lat2, lon2 } = WGS84.Direct(latitude, longitude, bearing, metres);
  return { latitude: lat2 as number, longitude: lon2 as number };
}

const anyPlace = fc.record({
  latitude: fc.double({ min: -70, max: 70, noNaN: true }),
  longitude: fc.oneof(
    fc.double({ min: -180, max: 180, noNaN: true }),
    fc.double({ min: 179.9, max: 180, noNaN: true }),
    fc.double({ min: -180, max: -179.9, noNaN: true }),
  ),
});
const anyBearing = fc.double({ min: 0, max: 360, noNaN: true });

test('distances are those on the ellipsoid', () => {
  fc.assert(
    fc.property(
      anyPlace,
      anyBearing,
      fc.double({ min: 1, max: 50_000, noNaN: true }),
      (from, bearing, metres) => {
        expect(Math.abs(distanceM(from, away(from, metres, bearing)) - metres)).toBeLessThan(
          0.5 + metres / 5_000,
        );
      },
    ),
  );
});

describe('a fence', () => {
  test('a circle is one on the ellipsoid, also across the date line', () => {
    fc.assert(
      fc.property(anyPlace, anyBearing, fc.integer({ min: 10, max: 50_000 }), (center, bearing, radiusM) => {
        const fence = fenceOf({ kind: 'circle', center, radiusM });
        const toleranceM = 0.5 + radiusM / 5_000;
        const at = (metres: number) => fence.depthM(away(center, metres, bearing));
        expect(Math.abs(at(radiusM))).toBeLessThan(toleranceM);
        expect(at(radiusM / 2)).toBeGreaterThan(0);
        expect(at(radiusM * 2)).toBeLessThan(0);
      }),
    );
  });

  /** A square of 2 km, turned by 30 degrees. */
  const squareAround = (center: Location): Area => {
    return { kind: 'polygon', corners: [30, 120, 210, 300].map((bearing) => away(center, 1_414.2, bearing)) };
  };

  test('of a polygon, the depth is the distance to its border, also across the date line', () => {
    fc.assert(
      fc.property(anyPlace, fc.double({ min: 0, max: 3_000, noNaN: true }), (center, metres) => {
        const fence = fenceOf(squareAround(center));
        // Straight out through the middle of a side, which is 1 km away.
        const depthM = fence.depthM(away(center, metres, 75));
        expect(Math.sign(depthM)).toBe(Math.sign(1_000 - metres) || Math.sign(depthM));
        if (Math.abs(1_000 - metres) < 900) expect(Math.abs(depthM - (1_000 - metres))).toBeLessThan(15);
      }),
    );
  });

  test('a polygon that is not convex has a bay', () => {
    const at = (latitude: number, longitude: number): Location => ({ latitude, longitude });
    const horseshoe = fenceOf({
      kind: 'polygon',
      corners: [
        at(0, 0),
        at(0, 0.03),
        at(0.03, 0.03),
        at(0.03, 0.02),
        at(0.01, 0.02),
        at(0.01, 0.01),
        at(0.03, 0.01),
        at(0.03, 0),
      ],
    });
    expect(horseshoe.depthM(at(0.02, 0.015))).toBeLessThan(-500);
    expect(horseshoe.depthM(at(0.02, 0.005))).toBeGreaterThan(500);
    expect(horseshoe.isEnteredBetween(at(0.025, 0.015), at(0.015, 0.015), 25)).toBe(false);
    expect(horseshoe.isEnteredBetween(at(0.025, 0.015), at(0.025, 0.04), 25)).toBe(true);
  });

  test('a corridor is as wide everywhere, and round at its ends', () => {
    const start = { latitude: 48.1, longitude: 11.5 };
    const bend = away(start, 20_000, 40);
    const line = [start, bend, away(bend, 10_000, 100)];
    const fence = fenceOf({ kind: 'corridor', line, widthM: 400 });
    const beside = away(away(start, 9_000, 40), 150, 130);
    expect(Math.abs(fence.depthM(beside) - 50)).toBeLessThan(15);
    expect(Math.abs(fence.depthM(away(start, 250, 220)) + 50)).toBeLessThan(1);
    expect(fence.depthM(away(start, 300_000, 220))).toBeLessThan(-250_000);
  });

  test('a way between two fixes that leads through it enters it, whichever way it goes', () => {
    const random = createRandom(5);
    const center = { latitude: -17, longitude: 179.999 };
    const areas: Area[] = [
      { kind: 'circle', center, radiusM: 1_000 },
      squareAround(center),
      { kind: 'corridor', line: [away(center, 900, 90), away(center, 900, 270)], widthM: 1_000 },
    ];
    for (const area of areas) {
      const fence = fenceOf(area);
      for (let times = 0; times < 100; times += 1) {
        const bearing = random.between(0, 360);
        const from = away(center, random.between(2_000, 9_000), bearing);
        const to = away(center, random.between(2_000, 9_000), bearing + 180);
        expect(fence.isEnteredBetween(from, to, 25)).toBe(true);
        expect(fence.isEnteredBetween(from, away(from, 500, bearing), 25)).toBe(false);
        // After hours without a fix, too.
        const [farFrom, farTo] = [away(center, 100_000, bearing), away(center, 100_000, bearing + 180)];
        expect(fence.isEnteredBetween(farFrom, farTo, 25)).toBe(true);
      }
    }
  });
});
