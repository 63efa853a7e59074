import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

test('a backoff doubles up to its maximum, however often it is repeated', () => {
  const waits = [0, 1, 2, 3, 6, 7, 100, 5_000].map((repetition) =>
    backoffMs(repetition, { firstMs: 10, maxMs: 1_000 }),
  );
  expect(waits).toEqual([10, 20, 40, 80, 640, 1_000, 1_000, 1_000]);
});
