import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { coarseClock } from './coarse-clock.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('the clock goes on within 5 ms, also after a time in which it was not asked', () => {
  const now = coarseClock();
  const startMs = now();
  vi.advanceTimersByTime(4);
  expect(now()).toBe(startMs);
  vi.advanceTimersByTime(1);
  expect(now()).toBe(startMs + 5);
  vi.advanceTimersByTime(60_000);
  expect(now()).toBe(startMs + 60_005);
});
