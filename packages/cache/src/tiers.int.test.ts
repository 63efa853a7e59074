import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestRedis } from '@odograph/testing/engines';
import { Redis } from 'ioredis';
import { FileTier } from './file-tier.ts';
import { RedisTier } from './redis-tier.ts';
import { describeTier, HOUR_MS } from './tier.fixture.ts';

const onDamage = (of: string, error: unknown) => {
  throw new Error(`${of} is damaged`, { cause: error });
};

describeTier('Redis', async () => {
  const engine = await startTestRedis();
  const redis = new Redis(engine.url, { enableAutoPipelining: true });
  return {
    tier: new RedisTier({ redis, namespace: 'test:', floorTtlMs: HOUR_MS, onDamage }),
    async [Symbol.asyncDispose]() {
      redis.disconnect();
      await engine[Symbol.asyncDispose]();
    },
  };
});

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
