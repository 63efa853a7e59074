import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LeastNumbers } from './least-numbers.ts';

test('the least numbers of any are each kept once, in order', () => {
  const anyNumbers = fc.array(fc.nat(200), { maxLength: 300 });
  fc.assert(
    fc.property(anyNumbers, fc.integer({ min: 1, max: 20 }), (numbers, most) => {
      const least = new LeastNumbers(most);
      for (const number of numbers) least.add(number);
      expect(least.all()).toEqual([...new Set(numbers)].sort((a, b) => a - b).slice(0, most));
    }),
  );
});
