import { expect, test } from 'vitest';
import { inParallel } from './in-parallel.ts';

test('works on all items in order, and on no more than allowed at a time', async () => {
  const started: number[] = [];
  let [running, most] = [0, 0];
  await inParallel([1, 2, 3, 4, 5], 2, async (item) => {
    started.push(item);
    running += 1;
    most = Math.max(most, running);
    await Promise.resolve();
    running -= 1;
  });
  expect(started).toEqual([1, 2, 3, 4, 5]);
  expect(most).toBe(2);
});

test('starts nothing after an abort', async () => {
  const stop = new AbortController();
  const started: number[] = [];
  const work = (item: number) => {
    started.push(item);
    stop.abort();
    return Promise.resolve();
  };
  await inParallel([1, 2, 3], 1, work, stop.signal);
  expect(started).toEqual([1]);
});

test('throws an error when the items in progress have ended, and starts no further item', async () => {
  const slow = Promise.withResolvers<void>();
  const ended: string[] = [];
  const all = inParallel(['fails', 'slow', 'never'], 2, async (item) => {
    if (item === 'fails') {
      setImmediate(slow.resolve);
      throw new Error('failed');
    }
    await slow.promise;
    ended.push(item);
  });
  await expect(all).rejects.toThrow('failed');
  expect(ended).toEqual(['slow']);
});
