import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { readTogether } from './read-together.ts';

test('who asks in the same turn shares a read that begins after all have asked; who asks later has another', async () => {
  let value = 1;
  const reads: string[] = [];
  const read = readTogether(async (key: string) => {
    reads.push(key);
    return value;
  });
  const first = [read('a'), read('a'), read('b')];
  value = 2;
  expect(await Promise.all(first)).toEqual([2, 2, 2]);
  expect(reads).toEqual(['a', 'b']);

  const second = read('a');
  await nextTurn();
  value = 3;
  expect(await second).toBe(2);
  expect(await read('a')).toBe(3);
  expect(reads).toEqual(['a', 'b', 'a', 'a']);
});

test('a failing read fails those who shared it, and nobody else', async () => {
  let isAway = true;
  const read = readTogether(async (_: number) => {
    if (isAway) throw new Error('away');
    return 'here';
  });
  const failing = [read(1), read(1)];
  for (const one of failing) await expect(one).rejects.toThrow('away');
  isAway = false;
  expect(await read(1)).toBe('here');
});
