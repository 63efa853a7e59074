import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createOrderedWindow } from './ordered-window.ts';

const windowOf = <T>(size: number) => createOrderedWindow<T>({ size, groupWeight: 10 });

test('work is handed on in the order it came in, whatever order it is done in', async () => {
  const window = windowOf<string>(4);
  const [slow, fast] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  await window.add(slow.promise, 1);
  await window.add(fast.promise, 1);
  window.close();
  const seen = Array.fromAsync(window.groups());
  fast.resolve('second');
  await fast.promise;
  slow.resolve('first');
  expect((await seen).flat()).toEqual(['first', 'second']);
});

test('what is done at the same time is handed on as one group', async () => {
  const window = windowOf<number>(4);
  for (const value of [1, 2, 3]) await window.add(Promise.resolve(value), 1);
  window.close();
  expect(await Array.fromAsync(window.groups())).toEqual([[1, 2, 3]]);
});

test('a group weighs no more than it may, but for a piece of work that is heavier by itself', async () => {
  const window = windowOf<number>(8);
  for (const weight of [4, 6, 1, 30, 10]) await window.add(Promise.resolve(weight), weight);
  window.close();
  expect(await Array.fromAsync(window.groups())).toEqual([[4, 6], [1], [30], [10]]);
});

test('a full window makes whoever adds wait until a group has been taken away', async () => {
  const window = windowOf<number>(1);
  const order: string[] = [];
  const adding = window.add(Promise.resolve(1), 1).then(() => order.push('room'));
  const groups = window.groups();
  expect((await groups.next()).value).toEqual([1]);
  order.push('first group in hand');
  const end = groups.next();
  await adding;
  window.close();
  expect((await end).done).toBe(true);
  expect(order).toEqual(['first group in hand', 'room']);
});

test('closing lets a waiting adder go', async () => {
  const window = windowOf<number>(1);
  const adding = window.add(Promise.withResolvers<number>().promise, 1);
  window.close();
  await adding;
});

test('work that fails is thrown where the groups are taken', async () => {
  const window = windowOf<number>(2);
  await window.add(Promise.reject(new Error('broken')), 1);
  window.close();
  await expect(window.groups().next()).rejects.toThrow('broken');
});

test('property: nothing is lost, doubled or moved, and never more is under way than the window holds', async () => {
  const delays = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(delays, fc.integer({ min: 1, max: 5 }), async (turns, size) => {
      const window = windowOf<number>(size);
      let underWay = 0;
      const work = async (value: number, waits: number) => {
        underWay += 1;
        expect(underWay).toBeLessThanOrEqual(size);
        for (let turn = 0; turn < waits; turn += 1) await Promise.resolve();
        return value;
      };
      const adding = (async () => {
        for (const [value, waits] of turns.entries()) await window.add(work(value, waits), value % 7);
        window.close();
      })();
      const seen: number[] = [];
      for await (const group of window.groups()) {
        seen.push(...group);
        underWay -= group.length;
      }
      await adding;
      expect(seen).toEqual(turns.map((_, value) => value));
    }),
  );
});
