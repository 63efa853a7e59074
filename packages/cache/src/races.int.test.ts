import { setImmediate as nextTurn } from 'node:timers/promises';
import { startTestRedis, type TestEngine } from '@odograph/testing/engines';
import { eventually } from '@odograph/testing/eventually';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Load } from './answer.ts';
import { type NodeOptions, openNode, type TestNode } from './cache.fixture.ts';
import { TestBus } from './invalidations.fixture.ts';
import { logAt } from './tier.fixture.ts';

let engine: TestEngine;
let redis: Redis;
let bus: TestBus;
let runs = 0;

beforeAll(async () => {
  engine = await startTestRedis();
  redis = new Redis(engine.url, { enableAutoPipelining: true });
});
afterAll(async () => {
  redis.disconnect();
  await engine[Symbol.asyncDispose]();
});
beforeEach(() => {
  bus = new TestBus();
  runs += 1;
});

const open = (options: Partial<NodeOptions> = {}) =>
  openNode({ bus, redis, namespace: `run-${runs}:`, ...options });

const { signal } = new AbortController();
const get = ({ texts }: TestNode, load: Load<string>, key = 'k') => texts.getOrLoad(key, load, { signal });

/** A source whose values tests give one after the other. */
function source() {
  const asked: PromiseWithResolvers<string>[] = [];
  const load: Load<string> = async () => {
    const mine = Promise.withResolvers<string>();
    asked.push(mine);
    return { value: await mine.promise, version: [], tags: ['north'] };
  };
  return {
    load,
    loads: () => asked.length,
    give: (value: string, at = asked.length - 1) => asked[at]?.resolve(value),
    fail: (error: Error, at = asked.length - 1) => asked[at]?.reject(error),
    isAsked: (times: number) => eventually(() => expect(asked).toHaveLength(times)),
  };
}

const always =
  (value: string): Load<string> =>
  async () => ({ value, version: [], tags: ['north'] });

test('what is deleted while it is loaded is given to those who asked before, and not kept', async () => {
  const [node, from] = [open(), source()];
  const before = get(node, from.load);
  await from.isAsked(1);
  expect(await node.cache.invalidate([{ key: 'text:k' }])).toBe('done');
  from.give('old');
  expect((await before).value).toBe('old');
  expect((await get(node, always('new'))).value).toBe('new');
  expect((await get(open(), always('newer'))).value).toBe('new');
});

test('who asks after a delete does not join a load from before it', async () => {
  const [node, from] = [open(), source()];
  const before = get(node, from.load);
  await from.isAsked(1);
  await node.cache.invalidate([{ key: 'text:k' }]);
  const after = get(node, always('new'));
  from.give('old');
  expect([(await before).value, (await after).value]).toEqual(['old', 'new']);
});

test('a value that is set while an older one is loaded stays', async () => {
  const [node, peer, from] = [open(), open(), source()];
  const before = get(node, from.load);
  await from.isAsked(1);
  await peer.cache.set(peer.texts, 'k', 'set');
  from.give('old');
  await before;
  expect((await get(node, always('no'))).value).toBe('set');
  expect((await get(peer, always('no'))).value).toBe('set');
});

test.each([{ tag: 'north' }, { prefix: 'text:' }, { all: true } as const])(
  'what %o invalidates while it is loaded is not kept',
  async (scope) => {
    const [node, peer, from] = [open(), open(), source()];
    const before = get(node, from.load);
    await from.isAsked(1);
    await peer.cache.invalidate([scope]);
    from.give('old');
    await before;
    expect((await get(node, always('new'))).value).toBe('new');
    expect((await get(open(), always('no'))).value).toBe('new');
  },
);

test('a read of Redis that ends after another process has set a newer value does not bring the older one back', async () => {
  const [node, peer] = [open(), open()];
  await get(peer, always('old'));
  await eventually(async () => expect(await redis.exists(`run-${runs}:{text:k}`)).toBe(1));
  const release = node.redis.holdReads();
  const late = get(node, always('newest'));
  await nextTurn();
  await peer.cache.set(peer.texts, 'k', 'set');
  release();
  expect((await late).value).not.toBe('old');
  expect((await get(node, always('no'))).value).not.toBe('old');
});

test('a delete that Redis has not taken is degraded, holds in every process at once, and is repaired', async () => {
  const [node, peer] = [open(), open()];
  await get(node, always('old'));
  await get(peer, always('no'));
  node.redis.isAway = true;
  peer.redis.isAway = true;
  expect(await node.cache.invalidate([{ key: 'text:k' }])).toBe('degraded');
  expect((await get(peer, always('new'))).value).toBe('new');
  node.redis.isAway = false;
  peer.redis.isAway = false;
  await node.cache.repair();
  expect((await get(open(), always('newer'))).value).toBe('newer');
  expect((await get(peer, always('no'))).value).toBe('new');
});

test('a value that is set while Redis is away is not hidden by the older one there', async () => {
  const [node, peer] = [open(), open()];
  await get(peer, always('old'));
  node.redis.isAway = true;
  expect(await node.cache.set(node.texts, 'k', 'set')).toBe('degraded');
  expect((await get(node, always('no'))).value).toBe('set');
  expect((await get(peer, always('set'))).value).toBe('set');
  node.redis.isAway = false;
  await node.cache.repair();
  expect((await get(open(), always('set'))).value).toBe('set');
});

test('a delete while the bus is down is degraded, holds here at once, and is published later', async () => {
  const [node, peer] = [open(), open()];
  await get(node, always('old'));
  await get(peer, always('no'));
  bus.cut(0, true);
  expect(await node.cache.invalidate([{ key: 'text:k' }])).toBe('degraded');
  expect((await get(node, always('new'))).value).toBe('new');
  expect((await get(peer, always('no'))).value).toBe('old');
  bus.cut(0, false);
  await node.cache.repair();
  expect((await get(peer, always('newest'))).value).toBe('newest');
});

describe('a source that fails', () => {
  test('is asked once for all who wait, and again only after a while', async () => {
    let nowMs = 0;
    const [node, from] = [open({ now: () => nowMs }), source()];
    const waiting = Array.from({ length: 50 }, () => get(node, from.load));
    await from.isAsked(1);
    from.fail(new Error('away'));
    const outcomes = await Promise.allSettled(waiting);
    expect(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.message)).toEqual(
      Array(50).fill('away'),
    );
    for (let times = 0; times < 30; times += 1) await expect(get(node, from.load)).rejects.toThrow('away');
    expect(from.loads()).toBe(1);
    nowMs = 300;
    await redis.del(`run-${runs}:{text:k}lease`);
    expect((await get(node, always('back'))).value).toBe('back');
  });

  test('is asked by one process at a time', async () => {
    const [node, peer, from] = [open(), open(), source()];
    const first = get(node, from.load);
    await from.isAsked(1);
    const second = get(peer, from.load);
    await nextTurn();
    expect(from.loads()).toBe(1);
    from.give('one');
    expect([(await first).value, (await second).value]).toEqual(['one', 'one']);
    expect(from.loads()).toBe(1);
  });

  test('costs a reader of an older value nothing, however long ago that expired', async () => {
    let nowMs = 0;
    const node = open({ now: () => nowMs, policy: { tiers: { redis: false, files: false } } });
    await get(node, always('old'));
    nowMs = 50 * 60_000;
    let loads = 0;
    const failing: Load<string> = async () => {
      loads += 1;
      throw new Error('away');
    };
    for (let times = 0; times < 5; times += 1)
      expect(await get(node, failing)).toMatchObject({ value: 'old', staleBecause: 'failed', ageMs: nowMs });
    expect(loads).toBe(1);
  });
});

test('a value that was deleted by its tag is not served as an older one', async () => {
  const node = open();
  await get(node, always('old'));
  await node.cache.invalidate([{ tag: 'north' }]);
  expect(node.texts.peek('k')).toBeUndefined();
  await expect(get(node, () => Promise.reject(new Error('away')))).rejects.toThrow('away');
});

test('five thousand small values fit into fifty megabytes', async () => {
  const node = open({ maxBytes: 50_000_000 });
  for (let at = 0; at < 5_000; at += 1) node.texts.put(`k${at}`, { value: 'small', version: [logAt(1)] });
  const held = Array.from({ length: 5_000 }, (_, at) => node.texts.peek(`k${at}`));
  expect(held.filter((value) => value === 'small')).toHaveLength(5_000);
});
