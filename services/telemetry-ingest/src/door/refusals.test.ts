import { LimitFault } from '@odograph/kernel/limit-fault';
import { expect, test } from 'vitest';
import { createRefusals } from './refusals.ts';

/** Two partitions, whose state a test sets. */
function openDoor() {
  const closed = new Map<number, { reason: string; forMs: number }>();
  const full = new Set<number>();
  let [nowMs, count] = [100_000, 2 as number | undefined];
  const refusals = createRefusals({
    publisher: {
      partitionCount: () => count,
      roomIn: () => ({ filledRatio: 0.5, freeDiskRatio: undefined }),
      refusal: (partition) => closed.get(partition),
    },
    room: {
      faultIn: (partition) =>
        full.has(partition) ? new LimitFault('stream_bytes', 'OVERLOADED', 'it is full', {}) : undefined,
    },
    clock: { now: () => nowMs },
  });
  return {
    ...{ closed, full, look: refusals.look },
    wait: (ms: number) => {
      nowMs += ms;
    },
    forget: () => {
      count = undefined;
    },
  };
}

test('a partition is refused since it was closed, and everything since the last one was', () => {
  const { closed, look } = openDoor();
  expect(look().partitions).toEqual([
    { partition: 0, refusal: undefined, filledRatio: 0.5, freeDiskRatio: undefined },
    { partition: 1, refusal: undefined, filledRatio: 0.5, freeDiskRatio: undefined },
  ]);
  closed.set(0, { reason: 'its stream is missing', forMs: 9_000 });
  expect(look().partitions[0]?.refusal).toEqual({
    reason: 'its stream is missing',
    sinceMs: 91_000,
    limit: '',
  });
  expect(look().refusal).toBeUndefined();
  closed.set(1, { reason: 'history has halted it', forMs: 4_000 });
  expect(look().refusal).toEqual({ reason: 'history has halted it', sinceMs: 96_000, limit: '' });
});

test('a partition without room is refused since the first look at it, with the limit', () => {
  const { full, look, wait } = openDoor();
  full.add(0);
  look();
  wait(7_000);
  expect(look().partitions[0]?.refusal).toEqual({
    ...{ reason: 'it is full', sinceMs: 100_000, limit: 'stream_bytes' },
  });
  full.clear();
  expect(look().partitions[0]?.refusal).toBeUndefined();
  full.add(0);
  expect(look().partitions[0]?.refusal?.sinceMs).toBe(107_000);
});

test('while the number of partitions is not known, everything is refused', () => {
  const { closed, look, forget } = openDoor();
  forget();
  closed.set(0, { reason: 'the log does not exist yet', forMs: 1_000 });
  expect(look()).toEqual({
    partitions: [],
    refusal: { reason: 'the log does not exist yet', sinceMs: 99_000, limit: '' },
  });
});
