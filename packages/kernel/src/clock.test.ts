import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { pause } from './clock.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a pause ends when its time is over, and not before', async () => {
  const ended = vi.fn();
  void pause(100).then(ended);
  await vi.advanceTimersByTimeAsync(99);
  expect(ended).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(ended).toHaveBeenCalledOnce();
});

test('an aborted pause ends at once and leaves no timer', async () => {
  const calledOff = new AbortController();
  const paused = pause(100, calledOff.signal);
  calledOff.abort();
  await paused;
  await pause(100, calledOff.signal);
  expect(vi.getTimerCount()).toBe(0);
});
