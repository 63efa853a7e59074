import { expect, test } from 'vitest';
import { zipf } from './asks.ts';

test('the first of 100 is drawn twice as often as the second, and each at some time', () => {
  const draw = zipf(100);
  const counts = new Map<number, number>();
  for (let at = 0; at < 100_000; at += 1) {
    const drawn = draw(at / 100_000);
    counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
  }
  expect(counts.size).toBe(100);
  expect((counts.get(0) ?? 0) / (counts.get(1) ?? 1)).toBeCloseTo(2, 1);
  expect((counts.get(0) ?? 0) / (counts.get(9) ?? 1)).toBeCloseTo(10, 1);
});
