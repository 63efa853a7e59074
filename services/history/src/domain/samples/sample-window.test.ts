import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { windowKeyOf, windowStartOf } from './sample-window.ts';

describe('the windows of samples', () => {
  test.each([
    ['2021-04-22T06:00:00.000Z', '2021-04-22T06:00Z'],
    ['2021-04-22T05:59:59.999Z', '2021-04-22T04:00Z'],
    ['2024-02-29T23:59:59.999Z', '2024-02-29T22:00Z'],
  ])('%s is in the window %s', (time, key) => {
    expect(windowKeyOf(Date.parse(time))).toBe(key);
    expect(Date.parse(key)).toBe(windowStartOf(Date.parse(time)));
  });

  test('have the ISO time of their start as the key', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.UTC(9999, 11, 31, 23, 59) }), (timeMs) => {
        const iso = new Date(windowStartOf(timeMs)).toISOString();
        expect(windowKeyOf(timeMs)).toBe(`${iso.slice(0, 'yyyy-mm-ddThh:mm'.length)}Z`);
      }),
      { numRuns: 5_000 },
    );
  });

  test('have keys that sort as the windows do', () => {
    const anyTime = fc.oneof(
      fc.double({ noNaN: true }),
      fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) }),
      fc.maxSafeInteger(),
    );
    fc.assert(
      fc.property(anyTime, anyTime, (a, b) => {
        const isBefore = windowStartOf(a) < windowStartOf(b);
        expect(windowKeyOf(a) < windowKeyOf(b)).toBe(isBefore);
        if (isBefore) expect(a).toBeLessThan(b);
      }),
    );
  });

  test.each([
    [Number.NEGATIVE_INFINITY, '1970-01-01T00:00Z'],
    [-1, '1970-01-01T00:00Z'],
    [Number.NaN, '1970-01-01T00:00Z'],
    [Number.MAX_SAFE_INTEGER, '9999-12-31T22:00Z'],
    [Number.POSITIVE_INFINITY, '9999-12-31T22:00Z'],
  ])('include %d in the first or the last one', (timeMs, key) => {
    expect(windowKeyOf(timeMs)).toBe(key);
  });
});
