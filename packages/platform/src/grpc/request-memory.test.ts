import type { Fault } from '@odograph/kernel/fault';
import { expect, test } from 'vitest';
import { createRequestMemory, type RequestHolder, type RequestMemory } from './request-memory.ts';

function callOf(client: string) {
  const faults: Fault[] = [];
  const call: RequestHolder = { client, refuse: (fault) => faults.push(fault) };
  return { call, faults };
}

/** Calls of a client whose requests have not arrived whole and hold some bytes each, in this order. */
function slow(memory: RequestMemory, client: string, ...sizes: readonly number[]) {
  const calls = sizes.map(() => callOf(client));
  for (const [at, { call }] of calls.entries()) memory.hold(call, sizes[at] as number, true);
  return calls;
}

const areRefused = (calls: readonly { readonly faults: readonly Fault[] }[]) =>
  calls.map(({ faults }) => faults.length > 0);

test('a client may hold half of all, and then loses what it has left unfinished for longest', () => {
  const calls = slow(createRequestMemory(1_000), 'a', 200, 200, 100, 50);
  expect(areRefused(calls)).toEqual([true, false, false, false]);
  expect(calls[0]?.faults[0]).toMatchObject({ code: 'OVERLOADED', retryAfterMs: 1_000 });
});

test('a short request gets through beside any number of slow ones, also of its own client', () => {
  const memory = createRequestMemory(1_000);
  const many = slow(memory, 'a', ...Array(100).fill(90));
  const short = [...slow(memory, 'a', 20), ...slow(memory, 'b', 20)];
  expect(areRefused(short)).toEqual([false, false]);
  expect(areRefused(many).filter((isRefused) => !isRefused)).toHaveLength(5);
});

test('a request that has arrived whole is not refused for a later one, which is', () => {
  const memory = createRequestMemory(1_000);
  const calls = slow(memory, 'a', 300, 200);
  for (const { call } of calls) memory.hold(call, 250, false);
  expect(areRefused([...calls, ...slow(memory, 'a', 10)])).toEqual([false, false, true]);
});

test('one request may not grow beyond what its client may hold', () => {
  const memory = createRequestMemory(1_000);
  const { call, faults } = callOf('a');
  for (let bytes = 50; bytes <= 550; bytes += 50) memory.hold(call, bytes, true);
  expect(faults).toHaveLength(1);
});

test('a call that grows counts once, and one that has ended no more', () => {
  const memory = createRequestMemory(1_000);
  const { call, faults } = callOf('a');
  for (let bytes = 50; bytes <= 500; bytes += 50) memory.hold(call, bytes, true);
  memory.release(call);
  memory.release(call);
  expect(areRefused(slow(memory, 'a', 400, 100))).toEqual([false, false]);
  expect(faults).toEqual([]);
});

test('a call that comes to hold less, or the same, costs no other one, however little is free', () => {
  const memory = createRequestMemory(1_000);
  const [first, last] = slow(memory, 'a', 200, 200);
  const others = slow(memory, 'b', 300);
  slow(memory, 'c', 150);
  slow(memory, 'd', 75);
  if (last) memory.hold(last.call, 200, true);
  if (last) memory.hold(last.call, 100, true);
  expect(areRefused([...(first && last ? [first, last] : []), ...others])).toEqual([false, false, false]);
});
