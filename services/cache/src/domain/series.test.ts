import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Series } from './series.ts';

const FROM_MS = 1_000_000;
const anyValues = fc.array(
  fc.record({ afterMs: fc.nat(99_999), value: fc.double({ noNaN: true, min: -1e9, max: 1e9 }) }),
  {
    maxLength: 50,
  },
);

test('each value counts in the part of its time, and in no other', () => {
  fc.assert(
    fc.property(anyValues, fc.integer({ min: 1, max: 200 }), (values, parts) => {
      const sorted = values.toSorted((a, b) => a.afterMs - b.afterMs);
      const series = new Series(FROM_MS, FROM_MS + 100_000, parts);
      for (const { afterMs, value } of sorted) series.add(FROM_MS + afterMs, value);
      const points = series.points();
      expect(points.length).toBeLessThanOrEqual(parts);
      for (const [at, { fromMs, count, min, max, mean, last }] of points.entries()) {
        expect(fromMs).toBeGreaterThan(points[at - 1]?.fromMs ?? 0);
        const own = sorted.filter(({ afterMs }) => {
          const atMs = FROM_MS + afterMs;
          return atMs >= fromMs && atMs < fromMs + series.widthMs;
        });
        const numbers = own.map(({ value }) => value);
        expect({ count, min, max, last }).toEqual({
          ...{ count: numbers.length, min: Math.min(...numbers), max: Math.max(...numbers) },
          last: numbers.at(-1),
        });
        expect(mean).toBeGreaterThanOrEqual(min);
        expect(mean).toBeLessThanOrEqual(max);
        const sum = numbers.reduce((total, each) => total + each, 0);
        expect(Math.abs(mean * count - sum)).toBeLessThan(1);
      }
      expect(points.reduce((total, { count }) => total + count, 0)).toBe(values.length);
    }),
  );
});

test('a range has no more parts than milliseconds', () => {
  const series = new Series(10, 13, 300);
  for (const atMs of [10, 12]) series.add(atMs, atMs);
  expect(series.widthMs).toBe(1);
  expect(series.points().map(({ fromMs }) => fromMs)).toEqual([10, 12]);
});
