import { expect, test } from 'vitest';
import { createRestartPolicy } from './restart-policy.ts';

const limits = { firstDelayMs: 100, maxDelayMs: 300, maxDeaths: 5, windowMs: 10_000 };

test('each death in a row waits longer, up to a bound, and then it is enough', () => {
  const policy = createRestartPolicy({ now: () => 0 }, limits);
  const delays = Array.from({ length: 5 }, () => policy.afterDeath());
  expect(delays).toEqual([100, 200, 300, 300, undefined]);
});

test('deaths of long ago are forgotten', () => {
  let now = 0;
  const policy = createRestartPolicy({ now: () => now }, limits);
  const delays = Array.from({ length: 20 }, () => {
    now += limits.windowMs;
    return policy.afterDeath();
  });
  expect(new Set(delays)).toEqual(new Set([100]));
});
