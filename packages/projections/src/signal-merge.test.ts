import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareValues, MAX_OTHER_SIGNALS, mergeSignals, withoutMark } from './signal-merge.ts';
import { anySignals } from './vehicle-events.arbitrary.ts';

const merge = (...contents: Parameters<typeof mergeSignals>[0][]) => contents.reduce(mergeSignals);

describe('the order of values', () => {
  const inOrder = [false, true, -1e308, -1, 0, Number.MIN_VALUE, 2, 1e308, '', 'b', '漢', 'aa', 'ab'];

  test('is by kind, then by number, or by length and UTF-16 units of a text', () => {
    for (const [at, value] of inOrder.entries()) {
      expect(compareValues(value, value)).toBe(0);
      for (const greater of inOrder.slice(at + 1)) {
        expect(compareValues(value, greater), `${value} < ${greater}`).toBeLessThan(0);
        expect(compareValues(greater, value), `${greater} > ${value}`).toBeGreaterThan(0);
      }
    }
  });
});

describe('two samples with the same key', () => {
  test('give the same sample in any order, with a third, and when repeated', () => {
    fc.assert(
      fc.property(anySignals, anySignals, anySignals, (a, b, c) => {
        expect(merge(a, b)).toEqual(merge(b, a));
        expect(merge(merge(a, b), c)).toEqual(merge(a, merge(b, c)));
        expect(merge(a, b, a, b)).toEqual(merge(a, b));
        expect(merge(a, a)).toEqual(a);
      }),
    );
  });

  test('give all signals of both, each with its greater value', () => {
    expect(
      merge({ speed_kmh: 3, charging: false }, { speed_kmh: 2, charging: true, odometer_km: 9 }),
    ).toEqual({
      speed_kmh: 3,
      charging: true,
      odometer_km: 9,
    });
  });

  test('never mix two fixes', () => {
    fc.assert(
      fc.property(fc.array(anySignals, { minLength: 1 }), (contents) => {
        const { latitude_deg, longitude_deg } = withoutMark(merge(...contents));
        const whole = contents.filter(
          (one) => one['latitude_deg'] !== undefined && one['longitude_deg'] !== undefined,
        );
        if (whole.length === 0) return;
        const fixes = whole.map((one) => [one['latitude_deg'], one['longitude_deg']]);
        expect(fixes).toContainEqual([latitude_deg, longitude_deg]);
      }),
    );
  });

  test('let a fix replace two single coordinates, whichever came last', () => {
    const halves = [{ latitude_deg: 9 }, { longitude_deg: 9 }];
    const whole = { latitude_deg: 1, longitude_deg: 2 };
    expect(withoutMark(merge(...halves))).toEqual({ latitude_deg: 9, longitude_deg: 9 });
    expect(merge(...halves, whole)).toEqual(whole);
    expect(merge(whole, ...halves)).toEqual(whole);
  });

  test('keep a limited number of other signals, the same in any order', () => {
    const many = (from: number) =>
      Object.fromEntries(Array.from({ length: 3000 }, (_, at) => [`Vehicle.S${from + at}`, at]));
    const [a, b, c] = [many(0), many(2000), { speed_kmh: 1 }];
    const merged = merge(a, b, c);
    expect(Object.keys(merged)).toHaveLength(MAX_OTHER_SIGNALS + 1);
    expect(merged).toEqual(merge(c, b, a));
    expect(merged).toEqual(merge(b, merge(c, a)));
  });
});
