import { type Started, started } from '@odograph/platform/app/app';
import type { Logger } from '@odograph/platform/logger';
import { connectRedis } from '@odograph/platform/redis';
import type { RedisAddress } from '@odograph/platform/redis-options';
import { Trouble } from '@odograph/platform/trouble';
import { Breaker } from './breaker.ts';
import { typeNameOf } from './cached-type.ts';
import type { CacheCounts } from './counts.ts';
import { FileTier } from './file-tier.ts';
import { Leases } from './leases.ts';
import { LowerTier } from './lower-tier.ts';
import { RedisTier } from './redis-tier.ts';
import type { Tier } from './tier.ts';

/** What is below the memory of the process: Redis, then files, as far as there are any. */
export interface Levels {
  readonly lower: readonly LowerTier[];
  /** Undefined without Redis. */
  readonly leases: Leases | undefined;
}

interface LevelOptions {
  /** Names the connection in the lists of Redis. */
  readonly name: string;
  /** What processes share. Undefined, or an empty URL: there is none. */
  readonly redis?: RedisAddress;
  /** What the names of all keys in Redis begin with. Default: `odograph:`. */
  readonly namespace?: string;
  /** How long a caller waits for Redis or a file; then the value is read from its source. Default: 100 ms. */
  readonly patienceMs?: number;
  /** Of this process alone. Undefined: there are none. */
  readonly files?: { readonly folder: string; readonly maxBytes: number } | undefined;
  readonly counts: CacheCounts;
  readonly logger: Logger;
}

const NAMESPACE = 'odograph:';
const PATIENCE_MS = 100;
/** Longer than a load takes together with its write. */
const FLOOR_TTL_MS = 120_000;
const LEASE = { ttlMs: 15_000, waitMs: 3_000 };
/** Two attempts take no longer than the client of Redis waits for one answer. */
const WRITE_MS = 2_500;
const RAISE_MS = 1_000;
const WRITE_BEHIND = { maxItems: 1_000, maxAgeMs: 100, maxBytes: 16 * 1024 * 1024 };
const MAX_REPAIRS = 10_000;
const REMOVE_EXPIRED_EVERY_MS = 60_000;

/**
 * The levels below the memory, as a part of a program.
 * @throws {Fault} INVALID_INPUT if the URL of Redis cannot be used, or the login is refused
 */
export async function openLevels(options: LevelOptions): Promise<Started<Levels>> {
  const files = await openFiles(options);
  const redis = await openRedis(options);
  const redisLevel = redis && levelOf(redis.tier, options);
  const filesLevel = files && levelOf(files.tier, options);
  const lower = [redisLevel, filesLevel].filter((level) => level !== undefined);
  const leases =
    redisLevel && new Leases({ ...LEASE, giver: redis.tier, ask: (work) => redisLevel.ask(work) });
  const stop = async () => {
    try {
      await Promise.all(lower.map((level) => level.stop()));
    } finally {
      redis?.close();
      await files?.stop();
    }
  };
  return started({ lower, leases }, { stop });
}

/** Undefined if there is none. */
async function openRedis({ redis: address, name, namespace = NAMESPACE, counts, logger }: LevelOptions) {
  if (!address?.url) return undefined;
  const { redis, close } = await connectRedis({ ...address, name, logger });
  const onDamage = (key: string) => counts.unreadable(typeNameOf(key));
  return { tier: new RedisTier({ redis, namespace, floorTtlMs: FLOOR_TTL_MS, onDamage }), close };
}

function levelOf(tier: Tier, { counts, logger, patienceMs = PATIENCE_MS }: LevelOptions): LowerTier {
  const trouble = new Trouble({ logger, message: `${NAMES[tier.name]} has not done what it was asked` });
  return new LowerTier({
    ...{ tier, counts, patienceMs, writeMs: WRITE_MS, raiseMs: RAISE_MS, maxRepairs: MAX_REPAIRS },
    breaker: new Breaker({ now: () => performance.now() }),
    writeBehind: WRITE_BEHIND,
    onFailure: (error) => void trouble.failed(error),
  });
}

const NAMES = { redis: 'Redis', files: 'the folder of files' };

/** Undefined if there is no folder for files, or it cannot be written. */
async function openFiles({ files, logger }: LevelOptions) {
  if (!files) return undefined;
  const { folder, maxBytes } = files;
  const tier = new FileTier({
    ...{ folder, maxBytes, floorTtlMs: FLOOR_TTL_MS, now: Date.now },
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
