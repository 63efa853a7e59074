import { expect, it } from 'vitest';
import { Batcher } from './batcher.ts';

async function* numbers(count: number): AsyncGenerator<number> {
  for (let number = 1; number <= count; number += 1) yield number;
}

async function* failingAfter(count: number): AsyncGenerator<number> {
  yield* numbers(count);
  throw new Error('broke off');
}

it('groups all items in order, and is empty at the end', async () => {
  const batcher = new Batcher(numbers(7), 3, 1_000);
  const batches = [await batcher.next(), await batcher.next(), await batcher.next(), await batcher.next()];
  expect(batches).toEqual([[1, 2, 3], [4, 5, 6], [7], []]);
  expect(await batcher.next()).toEqual([]);
});

it('gives fewer items once the first has waited long enough, and loses none', async () => {
  const more = Promise.withResolvers<void>();
  async function* source(): AsyncGenerator<number> {
    yield 1;
    await more.promise;
    yield 2;
  }
  const batcher = new Batcher(source(), 10, 1);
  expect(await batcher.next()).toEqual([1]);
  more.resolve();
  expect(await batcher.next()).toEqual([2]);
});

it('fails after the items that came before', async () => {
  const batcher = new Batcher(failingAfter(4), 3, 1_000);
  expect([await batcher.next(), await batcher.next()]).toEqual([[1, 2, 3], [4]]);
  await expect(batcher.next()).rejects.toThrow('broke off');
});
