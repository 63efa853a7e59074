import { expect, test } from 'vitest';
import { measureLag, type Times, takenMs } from './lag.ts';

/** Of one service and one engine with two threads, in milliseconds. */
function times(service: number, engine: readonly [number, number], othersMs: number): Times {
  const waits = (...threads: readonly (readonly [string, number])[]) =>
    new Map(threads.map(([name, ms]) => [name, ms * 1e6]));
  return {
    waits: [waits(['7', service]), waits(['8/task/8', engine[0]], ['8/task/9', engine[1]])],
    othersMs,
  };
}

test('what the platform waited counts, of an engine the thread that waited longest', () => {
  expect(takenMs(times(10, [5, 5], 0), times(40, [25, 15], 1_000))).toBe(30 + 20);
});

test('it counts only as far as other processes had the processor: waits of the platform for itself do not', () => {
  expect(takenMs(times(0, [0, 0], 100), times(500, [300, 0], 120))).toBe(20);
  // The times of the kernel have ticks of 10 ms, so a process can seem to have run more than all did.
  expect(takenMs(times(0, [0, 0], 100), times(500, [0, 0], 90))).toBe(0);
});

test('a thread that is new counts from its start, and one that has ended does not', () => {
  const before: Times = { waits: [new Map([['8/task/8', 900e6]])], othersMs: 0 };
  const after: Times = { waits: [new Map([['8/task/10', 40e6]])], othersMs: 1_000 };
  expect(takenMs(before, after)).toBe(40);
});

test('a process that was not run counts how late its timers are, also before they have run', () => {
  const withheldMs = measureLag(() => ({ services: [], engines: [] }))();
  const startedAtMs = performance.now();
  while (performance.now() - startedAtMs < 100);
  expect(withheldMs()).toBeGreaterThanOrEqual(89);
});
