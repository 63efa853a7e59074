import { expect, test } from 'vitest';
import { countArgument, wholeNumberArgument } from './number-arguments.ts';

test('a number has digits and nothing else', () => {
  expect(wholeNumberArgument('0')).toBe(0);
  expect(countArgument('1000000')).toBe(1_000_000);
  for (const text of ['1e6', '1_000', '1,000', '7 ', '-1', '1.5', '0x10', 'many', '', '9'.repeat(16)]) {
    expect(() => wholeNumberArgument(text)).toThrow('in digits');
    expect(() => countArgument(text)).toThrow('in digits');
  }
});

test('a count is 1 or more', () => {
  expect(() => countArgument('0')).toThrow('1 or more');
});
