import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { ReadModelStore, SliceName } from './read-model-store.ts';
import { batchLoads, shareReads } from './shared-reads.ts';

test('calls in the same turn share one read that starts after all of them, and later calls start another', async () => {
  let value = 1;
  const reads: string[] = [];
  const read = shareReads(async (key: string) => {
    reads.push(key);
    return value;
  });
  const first = [read('a'), read('a'), read('b')];
  value = 2;
  expect(await Promise.all(first)).toEqual([2, 2, 2]);
  expect(reads).toEqual(['a', 'b']);

  const second = read('a');
  await yieldToEventLoop();
  value = 3;
  expect(await second).toBe(2);
  expect(await read('a')).toBe(3);
  expect(reads).toEqual(['a', 'b', 'a', 'a']);
});

test('a failing read fails only the calls that share it', async () => {
  let isAway = true;
  const read = shareReads(async (_: number) => {
    if (isAway) throw new Error('away');
    return 'here';
  });
  const failing = [read(1), read(1)];
  for (const one of failing) await expect(one).rejects.toThrow('away');
  isAway = false;
  expect(await read(1)).toBe('here');
});

test('many slices that are requested together are loaded with queries of bounded size', async () => {
  const sizes: number[] = [];
  const load = async (names: readonly SliceName[]) => {
    sizes.push(names.length);
    return names.map((name) => ({ ...name, includes: undefined, documents: [] }));
  };
  const loadOne = batchLoads({ load } as unknown as ReadModelStore);
  const keys = Array.from({ length: 1_200 }, (_, at) => `k${at}`);
  const slices = await Promise.all(keys.map((key) => loadOne('bus-1', key)));
  expect(slices.map(({ key }) => key)).toEqual(keys);
  expect(sizes).toEqual([500, 500, 200]);
});
