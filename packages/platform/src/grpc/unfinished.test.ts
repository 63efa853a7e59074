import type { Fault } from '@odograph/kernel/fault';
import { expect, test } from 'vitest';
import { createUnfinished, type Unfinished, type UnfinishedRequest } from './unfinished.ts';

function requestOf(client: string) {
  const faults: Fault[] = [];
  const request: UnfinishedRequest = { client, refuse: (fault) => faults.push(fault) };
  return { request, faults };
}

/** Requests of a client that hold some bytes each, in this order. */
function hold(unfinished: Unfinished, client: string, ...sizes: readonly number[]) {
  const requests = sizes.map(() => requestOf(client));
  for (const [at, { request }] of requests.entries()) unfinished.hold(request, sizes[at] as number);
  return requests;
}

const areRefused = (requests: readonly { readonly faults: readonly Fault[] }[]) =>
  requests.map(({ faults }) => faults.length > 0);

test('a client may hold half of all, and then loses what it has left unfinished for longest', () => {
  const unfinished = createUnfinished(1_000);
  const requests = hold(unfinished, 'a', 200, 200, 100, 50);
  expect(areRefused(requests)).toEqual([true, false, false, false]);
  expect(requests[0]?.faults[0]).toMatchObject({ code: 'OVERLOADED', retryAfterMs: 1_000 });
});

test('a short request gets through beside any number of slow ones, also of its own client', () => {
  const unfinished = createUnfinished(1_000);
  const slow = hold(unfinished, 'a', ...Array(100).fill(90));
  const short = [...hold(unfinished, 'a', 20), ...hold(unfinished, 'b', 20)];
  expect(areRefused(short)).toEqual([false, false]);
  expect(areRefused(slow).filter((isRefused) => !isRefused)).toHaveLength(5);
});

test('one request may not grow beyond what its client may hold', () => {
  const unfinished = createUnfinished(1_000);
  const { request, faults } = requestOf('a');
  for (let bytes = 50; bytes <= 550; bytes += 50) unfinished.hold(request, bytes);
  expect(faults).toHaveLength(1);
});

test('a request that grows counts once, and a complete one no more', () => {
  const unfinished = createUnfinished(1_000);
  const { request, faults } = requestOf('a');
  for (let bytes = 50; bytes <= 500; bytes += 50) unfinished.hold(request, bytes);
  unfinished.hold(request, 0);
  unfinished.hold(request, 0);
  const others = hold(unfinished, 'a', 400, 100);
  expect(areRefused(others)).toEqual([false, false]);
  expect(faults).toEqual([]);
});
