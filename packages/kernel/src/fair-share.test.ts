import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FairShare } from './fair-share.ts';

/** Takes bytes one at a time until it gets no more. */
function fill(shares: FairShare<string>, holder: string): number {
  while (shares.tryTake(holder, 1));
  return shares.heldBy(holder);
}

test('a holder alone gets half, the next one a third, and there is always room for another', () => {
  const shares = new FairShare<string>(1_200);
  expect(fill(shares, 'a')).toBe(600);
  expect(fill(shares, 'b')).toBe(300);
  shares.give('a', 200);
  expect(fill(shares, 'b')).toBe(400);
  expect(fill(shares, 'a')).toBe(400);
  expect(shares.tryTake('c', 200)).toBe(true);
});

test('a holder that has nothing gets all that is free at once, and not more', () => {
  const shares = new FairShare<string>(100);
  expect(shares.tryTake('a', 101)).toBe(false);
  expect(shares.tryTake('a', 100)).toBe(true);
  expect(shares.tryTake('b', 1)).toBe(false);
  shares.give('a', 100);
  expect([shares.total, shares.heldBy('a')]).toEqual([0, 0]);
});

test('no holder gets more than a holder may have, however much is free', () => {
  const shares = new FairShare<string>(100, 10);
  expect(shares.tryTake('a', 11)).toBe(false);
  expect([fill(shares, 'a'), fill(shares, 'b')]).toEqual([10, 10]);
});

test('a holder that took more than its share has room again once it is below it, and so have the others', () => {
  const shares = new FairShare<string>(100);
  expect(shares.hasRoom('a')).toBe(true);
  shares.take('a', 120);
  expect([shares.total, shares.hasRoom('a'), shares.hasRoom('b')]).toEqual([120, false, false]);
  shares.give('a', 70);
  expect([shares.hasRoom('a'), shares.hasRoom('b')]).toEqual([false, true]);
  shares.give('a', 1);
  expect(shares.hasRoom('a')).toBe(true);
});

test('property: the total is what the holders hold, and never above the maximum', () => {
  const step = fc.record({
    holder: fc.constantFrom('a', 'b', 'c'),
    bytes: fc.nat(60),
    isTaken: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const shares = new FairShare<string>(100);
      for (const { holder, bytes, isTaken } of steps) {
        if (isTaken) shares.tryTake(holder, bytes);
        else shares.give(holder, Math.min(bytes, shares.heldBy(holder)));
        const held = ['a', 'b', 'c'].map((name) => shares.heldBy(name));
        expect(held.reduce((sum, each) => sum + each)).toBe(shares.total);
        expect(shares.total).toBeLessThanOrEqual(100);
      }
    }),
  );
});
