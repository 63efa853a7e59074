import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OrderedWindow } from './ordered-window.ts';

const windowOf = <T>(size: number) => new OrderedWindow<T>({ size, groupWeight: 10 });
const workOf = <T>(result: Promise<T>, weight = 1, held: Disposable = new DisposableStack()) => ({
  result,
  weight,
  held,
});

test('work is delivered in the order in which it was added, in whatever order it finishes', async () => {
  const window = windowOf<string>(4);
  const [slow, fast] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  await window.add(workOf(slow.promise, 1));
  await window.add(workOf(fast.promise, 1));
  window.close();
  const seen = Array.fromAsync(window.groups());
  fast.resolve('second');
  await fast.promise;
  slow.resolve('first');
  expect((await seen).flat()).toEqual(['first', 'second']);
});

test('work that finishes at the same time is delivered as one group', async () => {
  const window = windowOf<number>(4);
  for (const value of [1, 2, 3]) await window.add(workOf(Promise.resolve(value), 1));
  window.close();
  expect(await Array.fromAsync(window.groups())).toEqual([[1, 2, 3]]);
});

test('a group weighs at most its limit, except for one piece of work that is heavier alone', async () => {
  const window = windowOf<number>(8);
  for (const weight of [4, 6, 1, 30, 10]) await window.add(workOf(Promise.resolve(weight), weight));
  window.close();
  expect(await Array.fromAsync(window.groups())).toEqual([[4, 6], [1], [30], [10]]);
});

test('a full window makes the producer wait until a group was taken', async () => {
  const window = windowOf<number>(1);
  const order: string[] = [];
  const adding = window.add(workOf(Promise.resolve(1), 1)).then(() => order.push('room'));
  const groups = window.groups();
  expect((await groups.next()).value).toEqual([1]);
  order.push('first group in hand');
  const end = groups.next();
  await adding;
  window.close();
  expect((await end).done).toBe(true);
  expect(order).toEqual(['first group in hand', 'room']);
});

test('closing ends the wait of the producer', async () => {
  const window = windowOf<number>(1);
  const adding = window.add(workOf(Promise.withResolvers<number>().promise, 1));
  window.close();
  await adding;
});

test('what work holds is given back when its group was taken', async () => {
  const window = windowOf<number>(4);
  const held = new DisposableStack();
  await window.add(workOf(Promise.resolve(1), 1, held));
  window.close();
  const groups = window.groups();
  await groups.next();
  expect(held.disposed).toBe(false);
  await groups.next();
  expect(held.disposed).toBe(true);
});

test('what work holds is given back when it is finished if no more groups are taken', async () => {
  const window = windowOf<number>(4);
  const [done, left, slow] = [new DisposableStack(), new DisposableStack(), new DisposableStack()];
  const finishing = Promise.withResolvers<number>();
  await window.add(workOf(Promise.resolve(1), 10, done));
  await window.add(workOf(Promise.resolve(2), 10, left));
  await window.add(workOf(finishing.promise, 1, slow));
  for await (const _ of window.groups()) break;
  expect([done.disposed, left.disposed, slow.disposed]).toEqual([true, true, false]);
  finishing.resolve(3);
  await finishing.promise;
  await Promise.resolve();
  expect(slow.disposed).toBe(true);
});

test('the error of failed work is thrown to the consumer of the groups', async () => {
  const window = windowOf<number>(2);
  await window.add(workOf(Promise.reject(new Error('broken')), 1));
  window.close();
  await expect(window.groups().next()).rejects.toThrow('broken');
});

test('property: nothing is lost, duplicated or reordered, and at most as much is in progress as the window holds', async () => {
  const delays = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(delays, fc.integer({ min: 1, max: 5 }), async (turns, size) => {
      const window = windowOf<number>(size);
      let inProgress = 0;
      const work = async (value: number, waits: number) => {
        inProgress += 1;
        expect(inProgress).toBeLessThanOrEqual(size);
        for (let turn = 0; turn < waits; turn += 1) await Promise.resolve();
        return value;
      };
      const adding = (async () => {
        for (const [value, waits] of turns.entries()) await window.add(workOf(work(value, waits), value % 7));
        window.close();
      })();
      const seen: number[] = [];
      for await (const group of window.groups()) {
        seen.push(...group);
        inProgress -= group.length;
      }
      await adding;
      expect(seen).toEqual(turns.map((_, value) => value));
    }),
  );
});
