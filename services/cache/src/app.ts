import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Breaker } from '@odograph/cache/breaker';
import { Cache } from '@odograph/cache/cache';
import { MeasuredCounts } from '@odograph/cache/cache-counts';
import { JetStreamInvalidations } from '@odograph/cache/jetstream-invalidations';
import { Leases } from '@odograph/cache/leases';
import { LowerTier } from '@odograph/cache/lower-tier';
import { RedisTier } from '@odograph/cache/redis-tier';
import type { TypedCache } from '@odograph/cache/typed-cache';
import { createClient } from '@odograph/client';
import { pause } from '@odograph/kernel/clock';
import { isFinal } from '@odograph/kernel/fault';
import { partitionOf } from '@odograph/kernel/partition';
import { started } from '@odograph/platform/app/app';
import { compose } from '@odograph/platform/app/compose';
import { grpcPart, metricsPart, natsPart } from '@odograph/platform/app/service-parts';
import type { Logger } from '@odograph/platform/logger';
import { connectRedis, type RedisConnection } from '@odograph/platform/redis';
import { Trouble } from '@odograph/platform/trouble';
import { cacheService } from './api/cache-service.ts';
import { MAX_REQUEST_BYTES } from './api/request-bytes.ts';
import { vehicleStatusService } from './api/vehicle-status-service.ts';
import type { CacheConfig } from './config.ts';
import { Feed, FollowerSlot } from './follow/feed.ts';
import { measureCache } from './metrics.ts';
import { type CachedStatus, statusType } from './statuses/cached-status.ts';
import { Directory } from './statuses/directory.ts';
import { HotSet } from './statuses/hot-set.ts';
import { StatusSource } from './statuses/status-source.ts';
import { Statuses } from './statuses/statuses.ts';
import { Watches } from './watch/watches.ts';

export const SERVICE_NAME = 'cache';

const NAMESPACE = 'odograph:';
/** Longer than a load takes together with its write. */
const FLOOR_TTL_MS = 120_000;
const LEASE = { ttlMs: 15_000, waitMs: 3_000 };
const WRITE_BEHIND = { maxItems: 1_000, maxAgeMs: 100, maxBytes: 16 * 1024 * 1024 };
const MAX_REPAIRS = 10_000;
/** Of all partitions together: what vehicles that are not in memory have reported. */
const MAX_STATUS_FLOORS = 100_000;
/** What history may send before it is read. With 64 KiB, each few hundred events would wait for a turn of both processes. */
const WINDOW_BYTES = 4 * 1024 * 1024;
const UPKEEP_EVERY_MS = 1_000;
const SWEEP_EVERY_MS = 60_000;

/** The whole process: its connections, the cache with its levels, what follows the log, and the API. */
export function cacheApp(config: CacheConfig, logger: Logger) {
  const connections = connectionParts(config, logger);
  const cache = cacheParts(connections, config, logger);
  const statuses = statusParts(cache, config, logger);
  return apiParts(statuses, config, logger);
}

function connectionParts(config: CacheConfig, logger: Logger) {
  return compose(SERVICE_NAME)
    .part('metrics', () => metricsPart(SERVICE_NAME, config.metrics))
    .part('nats', (_, signal) => natsPart({ ...config.nats, name: SERVICE_NAME, logger, signal }))
    .part('redis', () => redisPart(config, logger))
    .part('client', () => {
      const client = createClient({
        history: config.history,
        channelOptions: { 'grpc-node.flow_control_window': WINDOW_BYTES },
      });
      return started(client, { stop: () => client.close() });
    })
    .part('partitionCount', async ({ client }, signal) => {
      const trouble = new Trouble({ logger, message: 'history does not answer' });
      for (;;) {
        try {
          const partitions = await client.describeLog({ signal, maxAttempts: 1 });
          trouble.succeeded();
          return partitions.length;
        } catch (error) {
          if (signal.aborted || isFinal(error)) throw error;
          await pause(trouble.failed(error), signal);
        }
      }
    });
}

/** Undefined if there is none. */
async function redisPart({ redis }: CacheConfig, logger: Logger) {
  if (redis.url === '') return started(undefined, {});
  const connection = await connectRedis({ ...redis, name: SERVICE_NAME, logger });
  return started<RedisConnection | undefined>(connection, { stop: () => connection.close() });
}

/** What is below the memory of the process. */
interface Levels {
  readonly lower: readonly LowerTier[];
  readonly leases: Leases | undefined;
}

/** The cache with its levels, and the list of what is invalid. */
function cacheParts(app: ReturnType<typeof connectionParts>, config: CacheConfig, logger: Logger) {
  return app
    .part('counts', ({ metrics }) => new MeasuredCounts(metrics.meter))
    .part('levels', ({ redis, counts }) => {
      if (!redis) return started<Levels>({ lower: [], leases: undefined }, {});
      const tier = new RedisTier({ redis: redis.redis, namespace: NAMESPACE, floorTtlMs: FLOOR_TTL_MS });
      const trouble = new Trouble({ logger, message: 'Redis has not done what it was asked' });
      const lower = new LowerTier({
        ...{ tier, counts, patienceMs: config.redisWaitMs, maxRepairs: MAX_REPAIRS },
        breaker: new Breaker({ now: () => performance.now() }),
        writeBehind: WRITE_BEHIND,
        onFailure: (error) => void trouble.failed(error),
      });
      const levels = {
        lower: [lower],
        leases: new Leases({ ...LEASE, giver: tier, ask: (work) => lower.ask(work) }),
      };
      return started<Levels>(levels, { stop: () => lower.stop() });
    })
    .part('cache', async ({ nats, counts, levels, partitionCount }) => {
      const trouble = new Trouble({ logger, message: 'invalidations do not arrive' });
      const invalidations = new JetStreamInvalidations({
        jetstream: jetstream(nats.connection),
        manager: await jetstreamManager(nats.connection),
        isConnected: () => nats.isConnected(),
        listener: {
          onRaised: (scopes, stamp) => cache.onRaised(scopes, stamp),
          onMissed: (stamp) => cache.onMissed(stamp),
        },
        onTrouble: (error) => void trouble.failed(error),
        onSuccess: () => trouble.succeeded(),
      });
      const cache: Cache = new Cache({
        ...{ ...levels, counts, invalidations, maxBytes: config.memoryBytes },
        ...{ now: () => performance.now(), random: Math.random },
        maxFloors: Math.ceil(MAX_STATUS_FLOORS / partitionCount),
      });
      const upkeep = setInterval(() => void cache.repair(), UPKEEP_EVERY_MS).unref();
      const sweeping = setInterval(() => cache.sweep(), SWEEP_EVERY_MS).unref();
      const stop = async () => {
        clearInterval(upkeep);
        clearInterval(sweeping);
        await invalidations.stop();
      };
      return started({ cache, invalidations }, { start: () => invalidations.start(), stop });
    });
}

/** The statuses, kept fresh by the log. */
function statusParts(app: ReturnType<typeof cacheParts>, config: CacheConfig, logger: Logger) {
  return app
    .part('following', () => new FollowerSlot())
    .part('watches', () => new Watches())
    .part('statuses', ({ cache: { cache }, client, partitionCount, following, watches }) => {
      const directory = new Directory();
      const source = new StatusSource({
        ...{ client, partitionCount },
        followedTo: (partition) => following.positionOf(partition),
      });
      const isLive = (vehicleId: string) => following.isLive(partitionOf(vehicleId, partitionCount));
      const typed = cache.addType({ ...statusType, isLive });
      const statuses = new Statuses({
        ...{ cache, typed, directory, source, following, partitionCount },
        onChange: (vehicleId, change) => watches.changed(vehicleId, change),
      });
      const hotSet = config.folder === '' ? undefined : new HotSet(config.folder);
      const storing = hotSet && storeHotSet(hotSet, typed, logger);
      return started({ directory, source, statuses, hotSet }, { stop: async () => await storing?.stop() });
    })
    .part('feed', ({ cache: { cache }, client, partitionCount, following, watches, statuses }) => {
      const trouble = new Trouble({ logger, message: 'the log cannot be followed' });
      const feed = new Feed({
        ...{ ...statuses, cache, client, partitionCount, watches, follower: following },
        onTrouble: (error) => void trouble.failed(error),
        onSuccess: () => trouble.succeeded(),
      });
      return started(feed, { start: () => feed.start(), stop: () => feed.stop() });
    });
}

/** Keeps what was asked for last over a restart, each minute and at the end. */
function storeHotSet(hotSet: HotSet, typed: TypedCache<CachedStatus>, logger: Logger) {
  const trouble = new Trouble({ logger, message: 'what was asked for last cannot be stored' });
  const store = async () => {
    try {
      await hotSet.store(typed.hotKeys());
      trouble.succeeded();
    } catch (error) {
      trouble.failed(error);
    }
  };
  const storing = setInterval(() => void store(), SWEEP_EVERY_MS).unref();
  const stop = async () => {
    clearInterval(storing);
    await store();
  };
  return { stop };
}

function apiParts(app: ReturnType<typeof statusParts>, config: CacheConfig, logger: Logger) {
  return app.part(
    'grpc',
    ({ metrics, counts, levels, cache, partitionCount, following, watches, statuses, feed }) => {
      const { directory } = statuses;
      const shared = { ...cache, ...statuses, lower: levels.lower, following, watches, partitionCount };
      measureCache(metrics.meter, shared);
      return grpcPart({
        ...config.grpc,
        services: [
          vehicleStatusService({
            ...{ ...shared, isComplete: () => feed.isComplete, maxWatches: config.maxWatches },
          }),
          cacheService({ ...shared, counts, memoryBytes: config.memoryBytes }),
        ],
        maxMessageBytes: MAX_REQUEST_BYTES,
        notReadyBecause: () =>
          feed.isComplete ? undefined : `the vehicles are still being listed, ${directory.size} so far`,
        ...{ logger, meter: metrics.meter },
      });
    },
  );
}
