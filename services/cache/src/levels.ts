import { join } from 'node:path';
import { Breaker } from '@odograph/cache/breaker';
import type { MeasuredCounts } from '@odograph/cache/cache-counts';
import { typeNameOf } from '@odograph/cache/cached-type';
import { FileTier } from '@odograph/cache/file-tier';
import { Leases } from '@odograph/cache/leases';
import { LowerTier } from '@odograph/cache/lower-tier';
import { RedisTier } from '@odograph/cache/redis-tier';
import type { Tier } from '@odograph/cache/tier';
import { type Started, started } from '@odograph/platform/app/app';
import type { Logger } from '@odograph/platform/logger';
import type { RedisConnection } from '@odograph/platform/redis';
import { Trouble } from '@odograph/platform/trouble';
import type { CacheConfig } from './config.ts';

/** What is below the memory of the process: Redis, then files, as far as there are any. */
export interface Levels {
  readonly lower: readonly LowerTier[];
  /** Undefined without Redis. */
  readonly leases: Leases | undefined;
}

interface LevelDeps {
  readonly redis: RedisConnection | undefined;
  readonly counts: MeasuredCounts;
  readonly config: CacheConfig;
  readonly logger: Logger;
}

const NAMESPACE = 'odograph:';
/** Longer than a load takes together with its write. */
const FLOOR_TTL_MS = 120_000;
const LEASE = { ttlMs: 15_000, waitMs: 3_000 };
/** Two attempts take no longer than the client of Redis waits for one answer. */
const WRITE_MS = 2_500;
const WRITE_BEHIND = { maxItems: 1_000, maxAgeMs: 100, maxBytes: 16 * 1024 * 1024 };
const MAX_REPAIRS = 10_000;
const REMOVE_EXPIRED_EVERY_MS = 60_000;

export async function openLevels(deps: LevelDeps): Promise<Started<Levels>> {
  const { redis } = deps;
  const shared = redis && openRedis(redis, deps);
  const files = await openFiles(deps);
  const redisLevel = shared && levelOf(shared, deps);
  const filesLevel = files && levelOf(files.tier, deps);
  const lower = [redisLevel, filesLevel].filter((level) => level !== undefined);
  const leases = redisLevel && new Leases({ ...LEASE, giver: shared, ask: (work) => redisLevel.ask(work) });
  const stop = async () => {
    await Promise.all(lower.map((level) => level.stop()));
    await files?.stop();
  };
  return started({ lower, leases }, { stop });
}

function openRedis({ redis }: RedisConnection, { counts }: LevelDeps): RedisTier {
  const onDamage = (key: string) => counts.unreadable(typeNameOf(key));
  return new RedisTier({ redis, namespace: NAMESPACE, floorTtlMs: FLOOR_TTL_MS, onDamage });
}

function levelOf(tier: Tier, { counts, config, logger }: LevelDeps): LowerTier {
  const trouble = new Trouble({ logger, message: `${NAMES[tier.name]} has not done what it was asked` });
  return new LowerTier({
    ...{ tier, counts, patienceMs: config.redisWaitMs, writeMs: WRITE_MS, maxRepairs: MAX_REPAIRS },
    breaker: new Breaker({ now: () => performance.now() }),
    writeBehind: WRITE_BEHIND,
    onFailure: (error) => void trouble.failed(error),
  });
}

const NAMES = { redis: 'Redis', files: 'the folder of files' };

/** Undefined if there is no folder for files, or it cannot be written. */
async function openFiles({ config: { folder, fileBytes }, logger }: LevelDeps) {
  if (folder === '') return undefined;
  const tier = new FileTier({
    ...{ folder: join(folder, 'files'), maxBytes: fileBytes, floorTtlMs: FLOOR_TTL_MS, now: Date.now },
    onDamage: (file, err) => logger.warn({ file, err }, 'a file of the cache was damaged, and is removed'),
  });
  try {
    await tier.open();
  } catch (err) {
    logger.warn({ folder, err }, 'no files are kept, because their folder cannot be written');
    return undefined;
  }
  return { tier, stop: keepInOrder(tier, logger) };
}

/** Finds what is there, and removes what has expired, until the returned function is called. */
function keepInOrder(tier: FileTier, logger: Logger): () => Promise<void> {
  const trouble = new Trouble({ logger, message: 'the folder of files cannot be looked through' });
  const stopping = new AbortController();
  const onTrouble = (error: unknown) => void trouble.failed(error);
  const indexing = tier.index(stopping.signal).catch(onTrouble);
  const removeExpired = () => void tier.removeExpired().catch(onTrouble);
  const removing = setInterval(removeExpired, REMOVE_EXPIRED_EVERY_MS).unref();
  return async () => {
    clearInterval(removing);
    stopping.abort();
    await indexing;
  };
}
