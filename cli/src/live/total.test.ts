import { expect, test } from 'vitest';
import { createTotal } from './total.ts';

test('a counter that begins again goes on in the total, and one that says nothing has none', () => {
  const total = createTotal();
  expect([10, 25, undefined, 3, 5, 0, 2].map(total)).toEqual([10, 25, undefined, 28, 30, 30, 32]);
});
