import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@odograph/platform/logger';
import { connectRedis } from '@odograph/platform/redis';
import { startTestRedis } from '@odograph/testing/engines';
import { eventually } from '@odograph/testing/eventually';
import { startRedisNode } from '@odograph/testing/redis-servers';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect } from 'vitest';
import { FileTier } from './file-tier.ts';
import { RedisTier } from './redis-tier.ts';
import { describeTier, HOUR_MS } from './tier.fixture.ts';

const onDamage = (of: string, error: unknown) => {
  throw new Error(`${of} is damaged`, { cause: error });
};

describeTier('Redis', async () => {
  await using started = new AsyncDisposableStack();
  return await openRedis(started.use(await startTestRedis()).url, started.move());
});

/** One for all tests: it takes seconds until its nodes know each other. */
let cluster: readonly Awaited<ReturnType<typeof startRedisNode>>[];

beforeAll(async () => {
  cluster = await Promise.all([startRedisNode(), startRedisNode()]);
  const clients = cluster.map(({ port }) => new Redis(port, '127.0.0.1'));
  const [first, second] = clients as [Redis, Redis];
  const slots = [...Array(16_384).keys()];
  await first.cluster('ADDSLOTS', ...slots.slice(0, 8_192));
  await second.cluster('ADDSLOTS', ...slots.slice(8_192));
  await second.cluster('MEET', '127.0.0.1', cluster[0]?.port ?? 0);
  for (const client of clients) {
    await eventually(async () => expect(await client.cluster('INFO')).toContain('cluster_state:ok'));
    client.disconnect();
  }
});

afterAll(() => Promise.all(cluster.map((node) => node[Symbol.asyncDispose]())));

describeTier('a cluster of Redis', () =>
  openRedis(`redis+cluster://127.0.0.1:${cluster[0]?.port}`, new AsyncDisposableStack()),
);

let opened = 0;

async function openRedis(url: string, disposables: AsyncDisposableStack) {
  const { redis, close } = await connectRedis({ url, name: 'test', logger: silentLogger });
  disposables.defer(close);
  opened += 1;
  const tier = new RedisTier({ redis, namespace: `test-${opened}:`, floorTtlMs: HOUR_MS, onDamage });
  return { tier, [Symbol.asyncDispose]: () => disposables.disposeAsync() };
}

describeTier('a folder of files', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'odograph-cache-'));
  const tier = new FileTier({
    folder,
    maxBytes: 64 * 1024 ** 2,
    floorTtlMs: HOUR_MS,
    now: () => Date.now(),
    onDamage,
  });
  await tier.open();
  return { tier, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
});
