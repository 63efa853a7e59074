import { Fault } from '@odograph/kernel/fault';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Checkpoint, Parked } from '../views/checkpoints.ts';
import { createParkedList, LIST_EVERY_MS } from './parked-list.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const HERE = new AbortController().signal;

/** Two partitions, whose flush stores what is parked by then. */
function openViews() {
  const parkedNow: Parked[] = [];
  const stored: Parked[][] = [[], []];
  const state = { flushes: 0, reads: 0, fault: undefined as Fault | undefined };
  const views = {
    checkpoints: {
      read: async (partition: number) => {
        state.reads += 1;
        const checkpoint = { parked: stored[partition] } as unknown as Checkpoint;
        return new Map([['status', checkpoint]]);
      },
      move: () => Promise.reject(new TypeError('lists move nothing')),
    },
    flushNow: async (partition: number) => {
      state.flushes += 1;
      if (state.fault) throw state.fault;
      stored[partition] = parkedNow.filter(({ position }) => position.partition === partition);
    },
  };
  const park = (subject: string, partition: number) =>
    void parkedNow.push({
      ...{ projection: 'status', subject, reason: 'poison' },
      position: { partition, sequence: 1, index: 0 },
    });
  return { list: createParkedList({ partitionCount: 2, views }), park, state, stored };
}

const vehicles = async (entries: Promise<readonly { readonly parked: Parked }[]>) =>
  (await entries).map(({ parked }) => parked.subject);

/** The result of a list while time goes on. */
async function after<T>(ms: number, result: Promise<T>): Promise<T> {
  // Awaited only when the time is over, and must not count as unhandled before.
  result.catch(() => undefined);
  await vi.advanceTimersByTimeAsync(ms);
  return await result;
}

test('a list has what is parked before it is asked for, of all partitions, by vehicle', async () => {
  const { list, park } = openViews();
  park('b', 0);
  park('c', 1);
  park('a', 1);
  expect(await vehicles(after(10, list.next(HERE)))).toEqual(['a', 'b', 'c']);
});

test('those who ask at once share a list, and the next one begins some seconds later, with what was parked since', async () => {
  const { list, park, state } = openViews();
  await after(10, Promise.all(Array.from({ length: 100 }, () => list.next(HERE))));
  expect([state.flushes, state.reads]).toEqual([2, 2]);
  park('late', 0);
  const asked = Array.from({ length: 100 }, () => list.next(HERE));
  await vi.advanceTimersByTimeAsync(LIST_EVERY_MS - 100);
  expect(state.flushes).toBe(2);
  expect(await vehicles(after(100, asked[0] as (typeof asked)[0]))).toEqual(['late']);
  await Promise.all(asked);
  expect([state.flushes, state.reads]).toEqual([4, 4]);
});

test('who asks in a loop makes as few lists', async () => {
  const { list, state } = openViews();
  let isOver = false;
  const looping = (async () => {
    while (!isOver) await list.next(HERE);
  })();
  await vi.advanceTimersByTimeAsync(10 * LIST_EVERY_MS);
  isOver = true;
  await after(LIST_EVERY_MS, looping);
  expect(state.flushes).toBeLessThanOrEqual(2 * 12);
});

test('further pages are of the last list, and of a new one once it is old', async () => {
  const { list, park, state } = openViews();
  await after(10, list.next(HERE));
  park('late', 0);
  expect(await vehicles(list.recent(HERE))).toEqual([]);
  expect(state.flushes).toBe(2);
  await vi.advanceTimersByTimeAsync(LIST_EVERY_MS);
  expect(await vehicles(after(10, list.recent(HERE)))).toEqual(['late']);
});

test('if another owner has flushed, the list has what that one stored', async () => {
  const { list, park, state, stored } = openViews();
  park('a', 0);
  await after(10, list.next(HERE));
  stored[1] = stored[0] ?? [];
  state.fault = new Fault('VERSION_CONFLICT', 'another owner moved it');
  expect(await vehicles(after(LIST_EVERY_MS, list.next(HERE)))).toEqual(['a', 'a']);
});

test('if too many events are parked to be stored, the list has those that are', async () => {
  const { list, park, state } = openViews();
  park('a', 0);
  await after(10, list.next(HERE));
  park('b', 0);
  state.fault = new Fault('RULE_VIOLATED', 'they take more bytes than a document of MongoDB');
  expect(await vehicles(after(LIST_EVERY_MS, list.next(HERE)))).toEqual(['a']);
});

test('a list that fails says why, and the next one is made', async () => {
  const { list, park, state } = openViews();
  park('a', 0);
  state.fault = new Fault('UNAVAILABLE', 'MongoDB is away');
  await expect(after(10, list.next(HERE))).rejects.toThrow('MongoDB is away');
  state.fault = undefined;
  expect(await vehicles(after(LIST_EVERY_MS, list.next(HERE)))).toEqual(['a']);
});

test('no list is made for callers who have all gone', async () => {
  const { list, state } = openViews();
  await after(10, list.next(HERE));
  const gone = new AbortController();
  const asked = list.next(gone.signal);
  gone.abort(new Fault('CANCELLED', 'the client is gone'));
  await expect(after(LIST_EVERY_MS, asked)).rejects.toThrow('the client is gone');
  await expect(list.next(gone.signal)).rejects.toThrow('the client is gone');
  expect(state.flushes).toBe(2);
  await after(10, list.next(HERE));
  expect(state.flushes).toBe(4);
});
