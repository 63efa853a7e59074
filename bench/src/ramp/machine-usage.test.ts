import { expect, test } from 'vitest';
import { parseMachineStat } from './machine-usage.ts';

test('idle and waiting for a disk is not busy, stolen time is', () => {
  expect(parseMachineStat('cpu  100 20 30 4000 500 6 7 8 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n')).toBeCloseTo(1.71);
});
