import { expect, test } from 'vitest';
import { createRestartPolicy } from './restart-policy.ts';

const limits = { firstDelayMs: 100, maxDelayMs: 300, maxExits: 5, windowMs: 10_000, maxDownMs: 60_000 };

test('the delay doubles with each exit up to a maximum, and then the policy gives up', () => {
  const policy = createRestartPolicy({ now: () => 0 }, limits);
  const delays = Array.from({ length: 5 }, () => policy.exited());
  expect(delays).toEqual([100, 200, 300, 300, undefined]);
});

test('exits before the window do not count', () => {
  let now = 0;
  const policy = createRestartPolicy({ now: () => now }, limits);
  const delays = Array.from({ length: 20 }, () => {
    now += limits.windowMs;
    policy.up();
    return policy.exited();
  });
  expect(new Set(delays)).toEqual(new Set([100]));
});

test('the policy gives up on a process that is down for too long', () => {
  let now = 0;
  const policy = createRestartPolicy({ now: () => now }, limits);
  now = 59_999;
  expect(policy.exited()).toBe(100);
  now = 60_000;
  expect(policy.exited()).toBeUndefined();
  policy.up();
  now = 120_000;
  expect(policy.exited()).toBe(100);
});
