import { expect, test } from 'vitest';
import { type Buckets, bucketsOf, parseMetrics, quantileBetween, sumOf } from './scrape.ts';

const TEXT = `# HELP took_seconds How long.
# TYPE took histogram
took_bucket{op="find",of="a {\\"b\\"}",le="0.01"} 8
took_bucket{op="find",of="a {\\"b\\"}",le="0.1"} 10
took_bucket{op="find",of="a {\\"b\\"}",le="+Inf"} 10
took_bucket{op="find",of="c",le="0.01"} 0
took_bucket{op="find",of="c",le="0.1"} 5
took_bucket{op="find",of="c",le="+Inf"} 6 1764082336000
took_bucket{op="insert",of="c",le="+Inf"} 99
open{kind="x"} 3
open{kind="y"} 4
plain 1.5e+2
`;

test('names, labels and values are read, comments and times are not', () => {
  const samples = parseMetrics(TEXT);
  expect(samples).toHaveLength(10);
  expect(samples.at(-1)).toEqual({ name: 'plain', labels: {}, value: 150 });
  expect(samples[0]?.labels).toMatchObject({ op: 'find', le: '0.01' });
  expect(sumOf(samples, 'open')).toBe(7);
  expect(sumOf(samples, 'closed')).toBe(0);
});

test('buckets are added up over the label sets that are wanted', () => {
  const buckets = bucketsOf(parseMetrics(TEXT), 'took', ({ op }) => op === 'find');
  expect([...buckets]).toEqual([
    [0.01, 8],
    [0.1, 15],
    [Number.POSITIVE_INFINITY, 16],
  ]);
});

const buckets = (...counts: readonly [number, number, number]): Buckets =>
  new Map([0.01, 0.1, Number.POSITIVE_INFINITY].map((bound, at) => [bound, counts[at] as number]));

const NOTHING = buckets(0, 0, 0);

test('a quantile is linear in its bucket', () => {
  expect(quantileBetween(NOTHING, buckets(100, 100, 100), 0.95)).toBeCloseTo(0.0095);
  expect(quantileBetween(NOTHING, buckets(90, 100, 100), 0.95)).toBeCloseTo(0.01 + 0.09 * 0.5);
});

test('only the values in between count', () => {
  const before = buckets(0, 1_000, 1_000);
  expect(quantileBetween(before, buckets(100, 1_100, 1_100), 0.95)).toBeCloseTo(0.0095);
  expect(quantileBetween(new Map(), buckets(100, 100, 100), 0.95)).toBeCloseTo(0.0095);
});

test('above the highest bound it is the highest bound', () => {
  expect(quantileBetween(NOTHING, buckets(0, 0, 10), 0.95)).toBe(0.1);
});

test('no values, or a process that restarted, have no quantile', () => {
  expect(quantileBetween(buckets(1, 2, 3), buckets(1, 2, 3), 0.95)).toBeUndefined();
  expect(quantileBetween(buckets(100, 200, 300), buckets(1, 2, 400), 0.95)).toBeUndefined();
  expect(quantileBetween(new Map(), new Map(), 0.95)).toBeUndefined();
});
