import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { SortedTexts } from './sorted-texts.ts';

/** Thousands of different texts, in an order that depends on the seed. */
function textsOf(seed: number, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${(at * 7_919 + seed) % 100_003} of ${seed}`);
}

test('any texts that are added and dropped in between are in order', () => {
  const step = fc.record({
    count: fc.nat(3_000),
    dropped: fc.integer({ min: 2, max: 5 }),
    isAsked: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
      const sorted = new SortedTexts();
      let plain: string[] = [];
      for (const [seed, { count, dropped, isAsked }] of steps.entries()) {
        const added = textsOf(seed, count);
        for (const text of added) sorted.add(text);
        plain.push(...added);
        if (isAsked) expect(sorted.all()).toEqual(plain.toSorted());
        const isKept = (text: string) => text.length % dropped > 0;
        sorted.keep(isKept);
        plain = plain.filter(isKept);
        expect(sorted.size).toBe(plain.length);
      }
      expect(sorted.all()).toEqual(plain.sort());
    }),
    { numRuns: 20 },
  );
});

test('the same array is given until a text is added', () => {
  const sorted = new SortedTexts();
  for (const text of textsOf(1, 5_000)) sorted.add(text);
  const before = sorted.all();
  expect(sorted.all()).toBe(before);
  sorted.add('a');
  expect(sorted.all()).toHaveLength(5_001);
});

test('never more than a thousand texts are sorted at once that are not in order already', () => {
  const longest: number[] = [];
  const sort = Array.prototype.sort;
  const spy = vi.spyOn(Array.prototype, 'sort').mockImplementation(function (this: string[]) {
    longest.push(runsIn(this) > 2 ? this.length : 0);
    return sort.call(this);
  });
  const sorted = new SortedTexts();
  for (const text of textsOf(1, 60_000)) sorted.add(text);
  sorted.all();
  spy.mockRestore();
  expect(longest.length).toBeGreaterThan(60);
  expect(Math.max(...longest)).toBeLessThanOrEqual(1_024);
});

/** How many runs of texts are in order. */
function runsIn(texts: readonly string[]): number {
  return 1 + texts.filter((text, at) => at > 0 && text < (texts[at - 1] as string)).length;
}
