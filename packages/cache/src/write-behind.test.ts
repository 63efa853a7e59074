import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { entryAt } from './tier.fixture.ts';
import { type Write, WriteBehind } from './write-behind.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function openQueue() {
  const sent: string[][] = [];
  const dropped = vi.fn();
  let answer = Promise.withResolvers<void>();
  answer.resolve();
  const queue = new WriteBehind({
    ...{ maxItems: 3, maxAgeMs: 20, maxBytes: 100, onDrop: dropped },
    write: async (writes) => {
      sent.push(writes.map((write) => `${write.key}=${write.entry().value?.length}`));
      await answer.promise;
    },
  });
  const add = (key: string, bytes = 1) =>
    queue.add({ key, entry: () => entryAt(1, 0, { value: Buffer.alloc(bytes) }), bytes } satisfies Write);
  const hold = () => {
    answer = Promise.withResolvers<void>();
    return answer.resolve;
  };
  return { queue, add, sent, dropped, hold };
}

test('writes are sent together when there are enough, or when the first has waited', async () => {
  const { add, sent } = openQueue();
  for (const key of ['a', 'b', 'c', 'd']) add(key);
  await vi.advanceTimersByTimeAsync(0);
  expect(sent).toEqual([['a=1', 'b=1', 'c=1'], ['d=1']]);
  add('e');
  await vi.advanceTimersByTimeAsync(19);
  expect(sent).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(1);
  expect(sent).toHaveLength(3);
});

test('of a key, the last write is sent, and none after it was removed', async () => {
  const { queue, add, sent } = openQueue();
  add('a', 1);
  add('a', 2);
  add('b');
  queue.remove('b');
  await queue.flush();
  expect(sent).toEqual([['a=2']]);
});

test('one batch is under way at a time, and what comes meanwhile waits', async () => {
  const { queue, add, sent, hold } = openQueue();
  const answer = hold();
  add('a');
  const flushed = queue.flush();
  for (const key of ['b', 'c', 'd', 'e']) add(key);
  await vi.advanceTimersByTimeAsync(1_000);
  expect([sent, queue.depth]).toEqual([[['a=1']], 4]);
  answer();
  await flushed;
  expect([sent.length, queue.depth]).toEqual([3, 0]);
});

test('when too many bytes wait, the oldest are dropped, and it is counted', async () => {
  const { queue, add, sent, dropped, hold } = openQueue();
  const answer = hold();
  add('a');
  const flushed = queue.flush();
  for (const key of ['b', 'c', 'd']) add(key, 45);
  expect(dropped).toHaveBeenCalledTimes(1);
  answer();
  await flushed;
  expect(sent.flat()).toEqual(['a=1', 'c=45', 'd=45']);
});
