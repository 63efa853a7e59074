import { pause } from '@odograph/kernel/clock';
import { expect, test } from 'vitest';
import { createWorkers } from './workers.ts';

test('workers start, the last ones stop first, and none is left at the end', async () => {
  const running = new Set<number>();
  const workers = createWorkers(async (worker, signal) => {
    running.add(worker);
    while (!signal.aborted) await pause(60_000, signal);
    running.delete(worker);
  });
  workers.resize(3);
  expect([...running]).toEqual([0, 1, 2]);
  workers.resize(1);
  workers.resize(2);
  expect(running.has(0)).toBe(true);
  await workers.close();
  expect(running.size).toBe(0);
});
