import { silentLogger } from '@odograph/platform/logger';
import { connectRedis } from '@odograph/platform/redis';
import { startTestRedis } from '@odograph/testing/engines';
import { eventually } from '@odograph/testing/eventually';
import type { Cluster, Redis, RedisKey } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { Breaker } from './breaker.ts';
import { countsOf } from './cache.fixture.ts';
import { Leases } from './leases.ts';
import { LowerTier } from './lower-tier.ts';
import { RedisTier } from './redis-tier.ts';
import { entryAt, logAt } from './tier.fixture.ts';

const PATIENCE_MS = 50;
/** Where Redis answers, however busy the machine is. */
const PATIENT_MS = 10_000;
const OPEN_MS = 200;

/** A server of its own, and the level that stands on it. */
async function open(patienceMs = PATIENCE_MS) {
  const server = await startTestRedis();
  onTestFinished(() => server[Symbol.asyncDispose]());
  const { redis, close } = await connectRedis({ url: server.url, name: 'test', logger: silentLogger });
  onTestFinished(close);
  const counted: string[] = [];
  const failures: unknown[] = [];
  const onDamage = (key: string) => void counted.push(`damaged ${key}`);
  const tier = new RedisTier({ redis, namespace: 'test:', floorTtlMs: 60_000, onDamage });
  const level = new LowerTier({
    tier,
    breaker: new Breaker({ now: () => performance.now(), leastCalls: 3, openMs: OPEN_MS }),
    ...{
      patienceMs,
      writeMs: patienceMs,
      raiseMs: patienceMs,
      maxRepairs: 2,
      counts: countsOf(counted),
      onFailure: (error) => void failures.push(error),
    },
    writeBehind: { maxItems: 10, maxAgeMs: 1, maxBytes: 1_000_000 },
  });
  const leases = new Leases({ giver: tier, ask: (work) => level.ask(work), ttlMs: 10_000, waitMs: 10_000 });
  return { server, redis, tier, level, leases, counted, failures };
}

type Opened = Awaited<ReturnType<typeof open>>;

const readValue = async ({ level }: Opened, key = 'text:k') =>
  (await level.read([key]))[0]?.entry.value?.toString();

const write = async ({ level }: Opened, sequence: number, key = 'text:k') => {
  level.writeSoon({ key, entry: () => entryAt(sequence), bytes: 10 });
  await level.stop();
};

test('a Redis that is stopped is a miss after a short wait, then at once, and is used again when it goes on', async () => {
  const opened = await open();
  const { server, level } = opened;
  await write(opened, 5);
  expect(await readValue(opened)).toBe('value 5');
  server.kill('SIGSTOP');
  for (let reads = 0; reads < 3; reads += 1) expect(await readValue(opened)).toBeUndefined();
  expect(level.state).toBe('open');
  expect(await level.raise('text:k', [logAt(9)])).toBe(false);
  expect(level.repairDepth).toBe(1);
  server.kill('SIGCONT');
  await eventually(async () => {
    await level.repair();
    expect(level.state).toBe('closed');
    expect(level.repairDepth).toBe(0);
  });
  expect(await readValue(opened)).toBeUndefined();
  await write(opened, 8);
  expect(await readValue(opened)).toBeUndefined();
  await write(opened, 9);
  expect(await readValue(opened)).toBe('value 9');
});

test('a lease of a Redis that is stopped is not waited for: each process loads', async () => {
  const { server, leases, level } = await open();
  server.kill('SIGSTOP');
  const take = () =>
    leases.take('text:k', {
      signal: new AbortController().signal,
      look: () => expect.unreachable(),
      onWait: () => expect.unreachable(),
    });
  for (let times = 0; times < 3; times += 1) expect(await take()).toEqual({ token: undefined });
  expect(level.state).toBe('open');
  server.kill('SIGCONT');
});

test('a lease that a Redis gives when it goes on, to a process that has not waited, keeps no other one waiting', async () => {
  const { server, redis, level, leases } = await open();
  server.kill('SIGSTOP');
  // The client sends what is asked for together one after the other.
  await level.read(['text:other']);
  const taken = await leases.take('text:k', {
    signal: new AbortController().signal,
    look: () => expect.unreachable(),
    onWait: () => expect.unreachable(),
  });
  expect(taken).toEqual({ token: undefined });
  server.kill('SIGCONT');
  // All that was asked for before is done first.
  await redis.ping();
  expect(await redis.exists('test:{text:k}lease')).toBe(0);
});

test('floors that do not fit into the queue are counted', async () => {
  const { server, level, counted } = await open();
  server.kill('SIGSTOP');
  onTestFinished(() => server.kill('SIGCONT'));
  for (const key of ['text:a', 'text:b', 'text:c']) expect(await level.raise(key, [logAt(1)])).toBe(false);
  expect([level.repairDepth, counted]).toEqual([2, ['dropped redis']]);
});

test('a Redis that is full takes nothing, loses what is deleted, and is not taken for broken', async () => {
  const opened = await open();
  const { redis, level, counted } = opened;
  await write(opened, 5);
  await redis.config('SET', 'maxmemory', '1');
  for (let at = 0; at < 5; at += 1) await write(opened, 6, `text:${at}`);
  expect(counted).toContain('refused text redis full');
  expect(level.state).toBe('closed');
  expect(await level.raise('text:k', [logAt(9)])).toBe(true);
  expect(await readValue(opened)).toBeUndefined();
  await redis.config('SET', 'maxmemory', '0');
  await write(opened, 10);
  expect(await readValue(opened)).toBe('value 10');
});

test('of writes at once, a Redis that is full refuses each for its own reason', async () => {
  const { redis, tier } = await open(PATIENT_MS);
  await tier.raise('text:below', [logAt(9)]);
  await redis.config('SET', 'maxmemory-policy', 'noeviction');
  await redis.config('SET', 'maxmemory', '1');
  const writes = ['text:a', 'text:below', 'text:b'].map((key) => tier.write(key, entryAt(5)));
  expect(await Promise.all(writes)).toEqual(['full', 'below', 'full']);
});

test('a lease of a Redis that is full is not waited for, and Redis is not taken for broken', async () => {
  const { redis, leases, level } = await open(PATIENT_MS);
  await redis.config('SET', 'maxmemory', '1');
  const take = () =>
    leases.take('text:k', {
      signal: new AbortController().signal,
      look: () => expect.unreachable(),
      onWait: () => expect.unreachable(),
    });
  for (let times = 0; times < 5; times += 1) expect(await take()).toEqual({ token: undefined });
  expect(level.state).toBe('closed');
});

const NAME = 'test:{text:k}';
const STAMP = 'log/0=0000000000000001.0000000000000005';
const NO_STAMP = 'log/0=000000000000000q.0000000000000005';

test.each<[string, (redis: Redis | Cluster) => Promise<unknown>]>([
  ['is empty', (redis) => redis.set(NAME, '')],
  ['has no guard', (redis) => redis.set(NAME, 'of another program')],
  ['has half a guard', (redis) => redis.set(NAME, `${STAMP}\n{}`)],
  ['has a stamp that is not one', (redis) => redis.set(NAME, `${NO_STAMP}|\n`)],
  ['has a head that is not one', (redis) => redis.set(NAME, `${STAMP}|\n{"t":1}\nvalue`)],
  ['has a value that does not inflate', (redis) => redis.set(NAME, `${STAMP}|\n${HEAD}\nvalue`)],
  ['is of another type of Redis', (redis) => redis.lpush(NAME, 'a')],
])('a key that %s is a miss of that key alone, and is removed', async (_, damage) => {
  const opened = await open(PATIENT_MS);
  const { redis, level, counted, failures } = opened;
  await write(opened, 5, 'text:other');
  for (let times = 0; times < 5; times += 1) {
    await damage(redis);
    const found = await level.read(['text:k', 'text:other']);
    expect(failures).toEqual([]);
    expect(found.map((each) => each?.entry.value?.toString())).toEqual([undefined, 'value 5']);
    expect(await redis.exists(NAME)).toBe(0);
  }
  expect(counted).toEqual(Array(5).fill('damaged text:k'));
});

const HEAD = '{"t":[],"w":"load","ms":[0,1000,1000,1000],"c":"deflate"}';

test.each<[string, (redis: Redis | Cluster) => Promise<unknown>]>([
  ['has no guard', (redis) => redis.set(NAME, 'of another program')],
  ['has a stamp that is not one', (redis) => redis.set(NAME, `${NO_STAMP}|\n`)],
  ['has a stamp that is not one before another', (redis) => redis.set(NAME, `${NO_STAMP},${STAMP}|\n`)],
  ['has a floor that is not one', (redis) => redis.set(NAME, `${STAMP}|${NO_STAMP},${STAMP}\n${HEAD}\n`)],
  ['is of another type of Redis', (redis) => redis.lpush(NAME, 'a')],
])('a key that %s is replaced by a write, and by a floor', async (_, damage) => {
  const opened = await open(PATIENT_MS);
  const { redis, level } = opened;
  await damage(redis);
  await write(opened, 6);
  expect(await readValue(opened)).toBe('value 6');
  await redis.del(NAME);
  await damage(redis);
  expect(await level.raise('text:k', [logAt(9)])).toBe(true);
  await write(opened, 8);
  expect(await readValue(opened)).toBeUndefined();
  await write(opened, 9);
  expect(await readValue(opened)).toBe('value 9');
});

test('a key that another process has replaced since it was read is not removed', async () => {
  const opened = await open(PATIENT_MS);
  const { redis } = opened;
  await redis.set(NAME, 'of another program');
  const { getBuffer } = redis;
  redis.getBuffer = async (key: RedisKey) => {
    const bytes = await getBuffer.call(redis, key);
    redis.getBuffer = getBuffer;
    await write(opened, 5);
    return bytes;
  };
  expect(await readValue(opened)).toBeUndefined();
  expect(await readValue(opened)).toBe('value 5');
});

test('a Redis that was flushed, with its scripts, is only empty', async () => {
  const opened = await open();
  const { redis } = opened;
  await write(opened, 5);
  await redis.flushall();
  await redis.script('FLUSH');
  expect(await readValue(opened)).toBeUndefined();
  await write(opened, 6);
  expect(await readValue(opened)).toBe('value 6');
});

test('a Redis that is killed is a miss at once, and is used again when it is back', async () => {
  const opened = await open();
  const { server, level } = opened;
  const { dataDir, port } = server;
  await write(opened, 5);
  await server.kill9();
  await eventually(async () => {
    expect(await readValue(opened)).toBeUndefined();
    expect(level.state).toBe('open');
  });
  await using _again = await startTestRedis({ dataDir, port });
  await eventually(async () => {
    await write(opened, 6);
    expect(await readValue(opened)).toBe('value 6');
  });
});
