import { beforeEach, expect, test } from 'vitest';
import { Breaker } from './breaker.ts';

let nowMs: number;
let breaker: Breaker;
beforeEach(() => {
  nowMs = 1_000;
  breaker = new Breaker({
    now: () => nowMs,
    failingShare: 0.5,
    leastCalls: 4,
    windowMs: 10_000,
    openMs: 2_000,
  });
});

const call = (outcome: 'succeeded' | 'failed', times = 1) => {
  for (let at = 0; at < times; at += 1) breaker[outcome]();
};

test('it opens when enough calls failed, and half of all', () => {
  call('failed', 3);
  expect(breaker.mayCall()).toBe(true);
  call('succeeded', 5);
  call('failed', 1);
  expect(breaker.state).toBe('closed');
  call('failed', 1);
  expect(breaker.state).toBe('open');
  expect(breaker.mayCall()).toBe(false);
});

test('failures of long ago do not count', () => {
  call('failed', 3);
  nowMs += 10_000;
  call('failed', 1);
  expect(breaker.state).toBe('closed');
});

test('one call probes after a while: its success closes it, its failure opens it again', () => {
  call('failed', 4);
  nowMs += 1_999;
  expect(breaker.mayCall()).toBe(false);
  nowMs += 1;
  expect([breaker.mayCall(), breaker.mayCall()]).toEqual([true, false]);
  call('failed');
  expect([breaker.state, breaker.mayCall()]).toEqual(['open', false]);
  nowMs += 2_000;
  expect(breaker.mayCall()).toBe(true);
  call('succeeded');
  expect(breaker.state).toBe('closed');
  call('failed', 3);
  expect(breaker.mayCall()).toBe(true);
});
