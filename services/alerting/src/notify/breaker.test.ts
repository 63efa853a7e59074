import { expect, test } from 'vitest';
import { Breaker } from './breaker.ts';

function failing(times: number): Breaker {
  const breaker = new Breaker(4);
  for (let time = 0; time < times; time += 1) breaker.failed(0);
  return breaker;
}

test('a receiver that answers has room for four', () => {
  const breaker = new Breaker(4);
  expect([0, 1, 4, 5].map((inFlight) => breaker.room(inFlight, 0))).toEqual([4, 3, 0, 0]);
  expect(breaker.probeAtMs).toBeUndefined();
});

test('four failures change nothing, and the fifth leaves room for one after a pause', () => {
  expect(failing(4).room(0, 0)).toBe(4);
  const breaker = failing(5);
  expect(breaker.probeAtMs).toBe(5_000);
  expect([0, 4_999, 5_000].map((nowMs) => breaker.room(0, nowMs))).toEqual([0, 0, 1]);
  expect(breaker.room(1, 5_000)).toBe(0);
});

test('the pause doubles with each failed probe, to five minutes', () => {
  expect([5, 6, 7, 11, 50].map((times) => failing(times).probeAtMs)).toEqual([
    5_000, 10_000, 20_000, 300_000, 300_000,
  ]);
});

test('any answer closes it', () => {
  const breaker = failing(9);
  breaker.answered();
  expect(breaker.room(0, 0)).toBe(4);
  breaker.failed(0);
  expect(breaker.room(0, 0)).toBe(4);
});

test('a receiver that asks for a pause gets it, of five minutes at most', () => {
  const breaker = new Breaker(4);
  breaker.failed(0, 30_000);
  expect([29_999, 30_000].map((nowMs) => breaker.room(0, nowMs))).toEqual([0, 4]);
  breaker.failed(0, 1e12);
  expect(breaker.probeAtMs).toBe(300_000);
});
