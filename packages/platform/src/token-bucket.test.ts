import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createTokenBuckets } from './token-bucket.ts';

function virtualClock() {
  let nowMs = 1_000_000;
  return { now: () => nowMs, advance: (byMs: number) => (nowMs += byMs) };
}

describe('a token bucket', () => {
  test('gives what it holds at once, then returns a wait that is exact', () => {
    const clock = virtualClock();
    const buckets = createTokenBuckets({ ratePerSecond: 100, burst: 100, clock });
    expect(buckets.tryTake('a', 50)).toBe(0);
    expect(buckets.tryTake('a', 51)).toBe(10);
    clock.advance(9);
    expect(buckets.tryTake('a', 51)).toBe(1);
    clock.advance(1);
    expect(buckets.tryTake('a', 51)).toBe(0);
  });

  test('is separate for each key', () => {
    const buckets = createTokenBuckets({ ratePerSecond: 10, burst: 10, clock: virtualClock() });
    expect(buckets.tryTake('a', 10)).toBe(0);
    expect(buckets.tryTake('b', 10)).toBe(0);
    expect(buckets.tryTake('a', 1)).toBe(100);
  });

  test('gives more than it holds only when full, and is then in debt', () => {
    const clock = virtualClock();
    const buckets = createTokenBuckets({ ratePerSecond: 10, burst: 10, clock });
    expect(buckets.tryTake('a', 25)).toBe(0);
    expect(buckets.tryTake('a', 1)).toBe(1_600);
    clock.advance(2_500);
    expect(buckets.tryTake('a', 25)).toBe(0);
  });

  test('can be asked how long to wait, and keeps its tokens', () => {
    const buckets = createTokenBuckets({ ratePerSecond: 10, burst: 10, clock: virtualClock() });
    expect([buckets.waitMs('a', 25), buckets.waitMs('a', 10), buckets.tryTake('a', 10)]).toEqual([0, 0, 0]);
    expect([buckets.waitMs('a', 1), buckets.waitMs('a', 2)]).toEqual([100, 200]);
  });

  test('gains nothing if the clock is set back', () => {
    const clock = virtualClock();
    const buckets = createTokenBuckets({ ratePerSecond: 10, burst: 10, clock });
    expect(buckets.tryTake('a', 10)).toBe(0);
    clock.advance(-60_000);
    expect(buckets.tryTake('a', 1)).toBe(100);
    clock.advance(100);
    expect(buckets.tryTake('a', 1)).toBe(0);
  });

  test('is dropped if it is the least recently used of too many', () => {
    const buckets = createTokenBuckets({ ratePerSecond: 10, burst: 10, maxKeys: 2, clock: virtualClock() });
    for (const key of ['a', 'b', 'b', 'a', 'a', 'c']) buckets.tryTake(key, 3);
    expect(buckets.tryTake('a', 2)).toBeGreaterThan(0);
    expect(buckets.tryTake('b', 10)).toBe(0);
  });

  test('never gives more than it holds and has regained', () => {
    const step = fc.record({ waitMs: fc.nat(2_000), count: fc.nat(30) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const clock = virtualClock();
        const startMs = clock.now();
        const buckets = createTokenBuckets({ ratePerSecond: 20, burst: 30, clock });
        let taken = 0;
        for (const { waitMs, count } of steps) {
          clock.advance(waitMs);
          if (buckets.tryTake('a', count) === 0) taken += count;
          expect(taken).toBeLessThanOrEqual(30 + ((clock.now() - startMs) / 1_000) * 20 + 1e-3);
        }
      }),
    );
  });

  test('gives after the wait that it returned', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 50 }), (counts) => {
        const clock = virtualClock();
        const buckets = createTokenBuckets({ ratePerSecond: 7, burst: 3, clock });
        for (const count of counts) {
          const waitMs = buckets.tryTake('a', count);
          if (waitMs === 0) continue;
          clock.advance(waitMs);
          expect(buckets.tryTake('a', count)).toBe(0);
        }
      }),
    );
  });
});
