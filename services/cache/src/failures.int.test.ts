import { StaleReason } from '@odograph/contracts/generated/odograph/cache/v1/vehicle_status';
import { eventually } from '@odograph/testing/eventually';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startCaches, watch } from './cluster.fixture.ts';

let platform: Awaited<ReturnType<typeof startCaches>>;

beforeEach(async () => {
  platform = await startCaches(1);
});

afterEach(() => platform.stop());

const latest = async (vehicleId: string, atLeast?: { partition: number; sequence: number }) =>
  await platform.clients[0].latestStatus(vehicleId, { atLeast });

test('without Redis it answers as before, a delete is degraded, and is repaired when Redis is back', async () => {
  const { cluster, clients, report } = platform;
  const [client] = clients;
  const redis = cluster.redis;
  if (!redis) throw new Error('no Redis');
  await latest('bus-1', await report('bus-1', { speed_kmh: 1 }));
  await redis.kill();
  const atLeast = await report('bus-1', { speed_kmh: 2 });
  expect((await latest('bus-1', atLeast)).status.signals?.speedKmh).toBe(2);
  const fresh = await report('bus-2', { speed_kmh: 3 });
  expect((await latest('bus-2', fresh)).status.signals?.speedKmh).toBe(3);
  expect(await client.invalidateCache({ keys: ['status:bus-1'] })).toEqual({ isDegraded: true });
  expect((await latest('bus-1')).status.signals?.speedKmh).toBe(2);
  await redis.start();
  await eventually(async () => {
    const { levels } = await client.cacheStats();
    const level = levels.find((each) => each.level === 'redis');
    expect(level).toMatchObject({ breaker: 'closed', repairs: 0 });
  });
  expect(await client.invalidateCache({ keys: ['status:bus-1'] })).toEqual({ isDegraded: false });
  expect((await latest('bus-1')).status.signals?.speedKmh).toBe(2);
});

test('without NATS a delete is degraded, and holds here; it is published when NATS is back', async () => {
  const { cluster, clients, report } = platform;
  const [client] = clients;
  await latest('bus-1', await report('bus-1', { speed_kmh: 1 }));
  await cluster.nats.kill();
  await eventually(async () => expect((await client.cacheStats()).isInvalidationsLive).toBe(false));
  const before = (await client.cacheStats()).invalidations?.sequence;
  expect(await client.invalidateCache({ keys: ['status:bus-1'] })).toEqual({ isDegraded: true });
  expect((await client.inspectCache('status:bus-1')).levels.filter(({ isValid }) => isValid)).toEqual([]);
  expect((await latest('bus-1')).status.signals?.speedKmh).toBe(1);
  await cluster.nats.start();
  await eventually(async () => {
    const { isInvalidationsLive, invalidations } = await client.cacheStats();
    expect([isInvalidationsLive, invalidations?.sequence]).toEqual([true, (before ?? 0) + 1]);
  });
  expect((await latest('bus-1')).status.signals?.speedKmh).toBe(1);
});

test('while history is away it answers what it has and says so, and then goes on from where it was', async () => {
  const { cluster, clients, report } = platform;
  const [history] = cluster.histories;
  await latest('bus-1', await report('bus-1', { speed_kmh: 1 }));
  const { speeds, isComplete, messages } = watch(clients[0]);
  await isComplete();
  await history?.kill();
  await eventually(async () => {
    const { status, freshness } = await latest('bus-1');
    expect(status.signals?.speedKmh).toBe(1);
    expect(freshness.staleReason).not.toBe(StaleReason.UNSPECIFIED);
    expect(freshness.ageMs).toBeGreaterThan(0);
  });
  await expect(clients[0].latestStatus('unknown-1', { maxAttempts: 1 })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  });
  const atLeast = await report('bus-1', { speed_kmh: 2 });
  await history?.start();
  expect((await latest('bus-1', atLeast)).status.signals?.speedKmh).toBe(2);
  await eventually(async () =>
    expect((await latest('bus-1')).freshness.staleReason).toBe(StaleReason.UNSPECIFIED),
  );
  await eventually(() => expect(speeds()).toEqual({ 'bus-1': 2 }));
  await report('bus-1', { speed_kmh: 3 });
  await eventually(() => expect(speeds()).toEqual({ 'bus-1': 3 }));
  expect(messages.at(-1)?.freshness?.staleReason).toBe(StaleReason.UNSPECIFIED);
});

test('a cache that was killed knows all vehicles again, and its watches begin again', async () => {
  const { cluster, clients, report } = platform;
  const [cache] = cluster.caches;
  for (let at = 0; at < 10; at += 1) await report(`bus-${at}`, { speed_kmh: at });
  const all = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`bus-${at}`, at]));
  const { speeds, isComplete, messages } = watch(clients[0]);
  await isComplete();
  await eventually(() => expect(speeds()).toEqual(all));
  await cache?.kill();
  const atLeast = await report('bus-3', { speed_kmh: 99 });
  await cache?.start();
  expect((await latest('bus-3', atLeast)).status.signals?.speedKmh).toBe(99);
  await eventually(() => expect(speeds()).toEqual({ ...all, 'bus-3': 99 }));
  expect(messages.filter(({ beginsAgain }) => beginsAgain)).toHaveLength(2);
});
