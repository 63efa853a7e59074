import { setImmediate as nextTurn } from 'node:timers/promises';
import { startTestRedis, type TestEngine } from '@odograph/testing/engines';
import { eventually } from '@odograph/testing/eventually';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Load } from './answer.ts';
import { always, type Race, type RaceNode, type RaceOptions, source, startRace } from './races.fixture.ts';
import { logAt } from './tier.fixture.ts';

const MINUTE_MS = 60_000;

let engine: TestEngine;
let redis: Redis;
let race: Race;
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
  runs += 1;
  race = startRace({ redis, namespace: `run-${runs}:` });
});

const open = (options: RaceOptions = {}) => race.open(options);

const { signal } = new AbortController();
const get = ({ texts }: RaceNode, load: Load<string>, key = 'k') => texts.getOrLoad(key, load, { signal });

const isAsked = ({ loads }: ReturnType<typeof source>) => eventually(() => expect(loads()).toBe(1));

test.each([{ key: 'text:k' }, { tag: 'north' }, { prefix: 'text:' }, { all: true } as const])(
  'what %o invalidates without a race is gone in all processes',
  async (scope) => {
    const [node, peer] = [open(), open()];
    await get(node, always('old'));
    expect((await get(peer, always('old'))).value).toBe('old');
    expect(await node.cache.invalidate([scope])).toBe('done');
    expect((await get(peer, always('new'))).value).toBe('new');
    expect((await get(node, always('new'))).value).toBe('new');
  },
);

test('what is deleted while it is loaded is given to those who asked before, and not kept', async () => {
  const [node, from] = [open(), source()];
  const before = get(node, from.load);
  await isAsked(from);
  expect(await node.cache.invalidate([{ key: 'text:k' }])).toBe('done');
  from.give('old');
  expect((await before).value).toBe('old');
  expect((await get(node, always('new'))).value).toBe('new');
  expect((await get(open(), always('newer'))).value).toBe('new');
});

test('who asks after a delete does not join a load from before it', async () => {
  const [node, from] = [open(), source()];
  const before = get(node, from.load);
  await isAsked(from);
  await node.cache.invalidate([{ key: 'text:k' }]);
  const after = get(node, always('new'));
  from.give('old');
  expect([(await before).value, (await after).value]).toEqual(['old', 'new']);
});

test('a value that is set while an older one is loaded stays', async () => {
  const [node, peer, from] = [open(), open(), source()];
  const before = get(node, from.load);
  await isAsked(from);
  await peer.set('k', 'set');
  from.give('old');
  await before;
  // What is set is in Redis soon; until then, the source has it.
  expect((await get(node, always('set'))).value).toBe('set');
  expect((await get(peer, always('no'))).value).toBe('set');
});

test.each([{ tag: 'north' }, { prefix: 'text:' }, { all: true } as const])(
  'what %o invalidates while it is loaded is not kept',
  async (scope) => {
    const [node, peer, from] = [open(), open(), source()];
    const before = get(node, from.load);
    await isAsked(from);
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
  await eventually(async () => expect(await race.isInRedis('k')).toBe(true));
  const release = node.redis.holdReads();
  const late = get(node, always('newest'));
  await nextTurn();
  await peer.set('k', 'set');
  release();
  expect((await late).value).not.toBe('old');
  expect((await get(node, always('no'))).value).not.toBe('old');
});

test('a process that was paused while it loaded a value does not replace what another has loaded meanwhile', async () => {
  const [node, peer, from] = [open(), open(), source()];
  const paused = get(node, from.load);
  await isAsked(from);
  await race.endLease('k');
  expect((await get(peer, always('new'))).value).toBe('new');
  from.give('old');
  await paused;
  expect((await get(open(), always('no'))).value).toBe('new');
});

test('clocks of machines that are twenty minutes apart change nothing', async () => {
  const clock = (aheadMs: number) => ({ now: () => performance.now() + aheadMs });
  const [node, peer] = [open(clock(10 * MINUTE_MS)), open(clock(-10 * MINUTE_MS))];
  await get(node, always('old'));
  await eventually(async () => expect(await race.isInRedis('k')).toBe(true));
  expect((await get(peer, always('no'))).value).toBe('old');
  expect(await peer.cache.invalidate([{ key: 'text:k' }])).toBe('done');
  expect((await get(peer, always('new'))).value).toBe('new');
  expect((await get(node, always('no'))).value).toBe('new');
  await peer.set('k', 'set');
  expect((await get(node, always('set'))).value).toBe('set');
  expect((await get(peer, always('no'))).value).toBe('set');
});

test('a delete that Redis has not taken is degraded, holds in every process at once, and is repaired', async () => {
  const [node, peer] = [open(), open()];
  await get(node, always('old'));
  await get(peer, always('no'));
  node.redis.isAway = true;
  peer.redis.isAway = true;
  expect.soft(await node.cache.invalidate([{ key: 'text:k' }]), 'what it says').toBe('degraded');
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
  expect.soft(await node.set('k', 'set'), 'what it says').toBe('degraded');
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
  race.cut(0, true);
  expect.soft(await node.cache.invalidate([{ key: 'text:k' }]), 'what it says').toBe('degraded');
  expect((await get(node, always('new'))).value).toBe('new');
  expect((await get(peer, always('no'))).value).toBe('old');
  race.cut(0, false);
  await node.cache.repair();
  expect((await get(peer, always('new'))).value).toBe('new');
});

describe('a source that fails', () => {
  test('is asked once for all who wait, and again only after a while', async () => {
    let nowMs = 0;
    const [node, from] = [open({ now: () => nowMs }), source()];
    const waiting = Array.from({ length: 50 }, () => get(node, from.load));
    await isAsked(from);
    from.fail(new Error('away'));
    const outcomes = await Promise.allSettled(waiting);
    expect(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.message)).toEqual(
      Array(50).fill('away'),
    );
    for (let times = 0; times < 30; times += 1) await expect(get(node, from.load)).rejects.toThrow('away');
    expect(from.loads(), 'loads').toBe(1);
    nowMs = 300;
    await race.endLease('k');
    expect((await get(node, always('back'))).value).toBe('back');
  });

  test('is asked by one process at a time', async () => {
    const [node, peer, from] = [open(), open(), source()];
    const first = get(node, from.load);
    await isAsked(from);
    const second = get(peer, from.load);
    await nextTurn();
    expect(from.loads(), 'loads').toBe(1);
    from.give('one');
    expect([(await first).value, (await second).value]).toEqual(['one', 'one']);
    expect(from.loads(), 'loads').toBe(1);
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
    expect(loads, 'loads').toBe(1);
  });
});

test('a value that was deleted by its tag is not served as an older one', async () => {
  const node = open();
  await get(node, always('old'));
  await node.cache.invalidate([{ tag: 'north' }]);
  expect(await node.texts.peek('k')).toBeUndefined();
  const later = get(node, () => Promise.reject(new Error('away')));
  await expect(later.then(({ value }) => value)).rejects.toThrow('away');
});

test('five thousand small values fit into fifty megabytes', async () => {
  const node = open({ maxBytes: 50_000_000 });
  for (let at = 0; at < 5_000; at += 1)
    await node.texts.put(`k${at}`, { value: 'small', version: [logAt(1)] });
  const held = await Promise.all(Array.from({ length: 5_000 }, (_, at) => node.texts.peek(`k${at}`)));
  expect(held.filter((value) => value === 'small')).toHaveLength(5_000);
});
