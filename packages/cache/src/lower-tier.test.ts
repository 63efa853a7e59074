import { pause } from '@odograph/kernel/clock';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Breaker } from './breaker.ts';
import { countsOf } from './cache.fixture.ts';
import { LowerTier } from './lower-tier.ts';
import { entryAt, logAt } from './tier.fixture.ts';
import type { Tier } from './tier.ts';

const PATIENCE_MS = 100;
const WRITE_MS = 1_000;
const RAISE_MS = 300;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A level on a tier that takes a while for each write and floor, by a virtual clock. */
function open(takesMs: (call: number) => number) {
  const raised: string[] = [];
  let [calls, underWay, most] = [0, 0, 0];
  const work = async () => {
    calls += 1;
    underWay += 1;
    most = Math.max(most, underWay);
    await pause(takesMs(calls));
    underWay -= 1;
  };
  const tier: Tier = {
    name: 'redis',
    read: async (keys) => {
      await work();
      return keys.map(() => undefined);
    },
    write: async () => {
      await work();
      return 'stored';
    },
    raise: async (key) => {
      raised.push(key);
      await work();
    },
  };
  const failures: unknown[] = [];
  const level = new LowerTier({
    tier,
    breaker: new Breaker({ now: () => performance.now(), leastCalls: 5 }),
    ...{
      patienceMs: PATIENCE_MS,
      writeMs: WRITE_MS,
      raiseMs: RAISE_MS,
      maxRepairs: 1_000,
      counts: countsOf([]),
    },
    onFailure: (error) => void failures.push(error),
    writeBehind: { maxItems: 1_000, maxAgeMs: 1, maxBytes: 10_000_000 },
  });
  return { level, failures, raised, calls: () => calls, most: () => most };
}

/** The result of work that waits for the virtual clock. */
async function done<T>(work: Promise<T>): Promise<T> {
  const timers = vi.runAllTimersAsync();
  const result = await work;
  await timers;
  return result;
}

const keys = (count: number) => Array.from({ length: count }, (_, at) => `text:${at}`);

test('a reader waits for a short time only', async () => {
  const { level, failures } = open(() => 2 * PATIENCE_MS);
  expect(await done(level.read(['text:a']))).toEqual([undefined]);
  expect(failures).toHaveLength(1);
});

test('writes and floors do not fail when they take longer than a reader waits', async () => {
  const { level, failures, most } = open(() => 2 * PATIENCE_MS);
  for (const key of keys(999)) level.writeSoon({ key, entry: () => entryAt(1), bytes: 10 });
  await done(level.stop());
  expect(await done(level.raise('text:a', [logAt(1)]))).toBe(true);
  expect(failures).toEqual([]);
  expect(most()).toBe(64);
});

test('a write that is not answered in time is tried once more', async () => {
  const { level, failures, calls } = open((call) => (call === 1 ? 2 * WRITE_MS : 0));
  level.writeSoon({ key: 'text:a', entry: () => entryAt(1), bytes: 10 });
  await done(level.stop());
  expect([calls(), failures.length]).toEqual([2, 1]);
});

test('who deletes waits for a short time only, and the floor is raised behind the answer', async () => {
  const { level, raised } = open(() => 2 * RAISE_MS);
  const startMs = performance.now();
  const raising = level.raise('text:a', [logAt(1)]);
  await vi.advanceTimersByTimeAsync(RAISE_MS);
  expect(await raising).toBe(false);
  expect([performance.now() - startMs, level.repairDepth]).toEqual([RAISE_MS, 1]);
  await done(level.repair());
  expect([raised, level.repairDepth]).toEqual([['text:a', 'text:a'], 0]);
});

test('floors are repaired by one repair at a time, each with the time of a floor', async () => {
  let isAway = true;
  const { level, raised } = open(() => (isAway ? 2 * WRITE_MS : 2 * PATIENCE_MS));
  await done(Promise.all(keys(50).map((key) => level.raise(key, [logAt(1)]))));
  expect([level.state, level.repairDepth]).toEqual(['open', 50]);
  isAway = false;
  raised.length = 0;
  await vi.advanceTimersByTimeAsync(10_000);
  const repairs = [level.repair()];
  await vi.advanceTimersByTimeAsync(WRITE_MS);
  repairs.push(level.repair());
  await done(Promise.all(repairs));
  expect([level.state, level.repairDepth]).toEqual(['closed', 0]);
  expect(raised.toSorted()).toEqual(keys(50).toSorted());
});

test('a repair ends at the first floor that is refused', async () => {
  const { level, raised } = open(() => 2 * WRITE_MS);
  await done(Promise.all(keys(50).map((key) => level.raise(key, [logAt(1)]))));
  raised.length = 0;
  await vi.advanceTimersByTimeAsync(10_000);
  await done(level.repair());
  expect([raised.length, level.repairDepth]).toEqual([1, 50]);
});
