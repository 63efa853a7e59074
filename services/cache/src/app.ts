import { join } from 'node:path';
import { MeasuredCounts } from '@odograph/cache/cache-counts';
import { openCache } from '@odograph/cache/open-cache';
import { openLevels } from '@odograph/cache/open-levels';
import { createClient } from '@odograph/client';
import { pause } from '@odograph/kernel/clock';
import { isFinal } from '@odograph/kernel/fault';
import { partitionOf } from '@odograph/kernel/partition';
import { started } from '@odograph/platform/app/app';
import { compose } from '@odograph/platform/app/compose';
import { grpcPart, metricsPart, natsPart } from '@odograph/platform/app/service-parts';
import type { Logger } from '@odograph/platform/logger';
import { Trouble } from '@odograph/platform/trouble';
import { cacheService } from './api/cache-service.ts';
import { cachedHistoryService } from './api/cached-history-service.ts';
import { MAX_REQUEST_BYTES } from './api/request-bytes.ts';
import { vehicleStatusService } from './api/vehicle-status-service.ts';
import { CachedCalls } from './calls/cached-calls.ts';
import { Outdating } from './calls/outdating.ts';
import { cachedReads } from './calls/reads.ts';
import type { CacheConfig } from './config.ts';
import { Feed, FollowerSlot } from './follow/feed.ts';
import { HotSet } from './kept/hot-set.ts';
import { KeptFile } from './kept/kept-file.ts';
import { KeptKnowledge, NOTHING_KNOWN } from './kept/knowledge.ts';
import { cacheInstruments, measureCache } from './metrics.ts';
import { statusType } from './statuses/cached-status.ts';
import { Directory } from './statuses/directory.ts';
import { COMPARED_AFTER_MS, Sampler } from './statuses/sampler.ts';
import { StatusSource } from './statuses/status-source.ts';
import { Statuses } from './statuses/statuses.ts';
import { Watches } from './watch/watches.ts';

export const SERVICE_NAME = 'cache';

/** Of all partitions together: the vehicles that have reported last. */
const MAX_STATUS_FLOORS = 200_000;
/** What history may send before it is read. With 64 KiB, each few hundred events would wait for a turn of both processes. */
const WINDOW_BYTES = 4 * 1024 * 1024;
const STORE_EVERY_MS = 60_000;
const SAMPLE_EVERY_MS = 10_000;

/** The whole process: its connections, the cache with its levels, what follows the log, and the API. */
export function cacheApp(config: CacheConfig, logger: Logger) {
  const connections = connectionParts(config, logger);
  const cache = cacheParts(keptParts(connections, config), config, logger);
  const statuses = statusParts(cache, logger);
  return apiParts(statuses, config, logger);
}

function connectionParts(config: CacheConfig, logger: Logger) {
  return compose(SERVICE_NAME)
    .part('metrics', () => metricsPart(SERVICE_NAME, config.metrics))
    .part('nats', (_, signal) => natsPart({ ...config.nats, name: SERVICE_NAME, logger, signal }))
    .part('counts', ({ metrics }) => new MeasuredCounts(metrics.meter))
    .part('levels', ({ counts }) => levelsPart(counts, config, logger))
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

function levelsPart(counts: MeasuredCounts, config: CacheConfig, logger: Logger) {
  const { folder, fileBytes } = config;
  return openLevels({
    ...{ redis: config.redis, name: SERVICE_NAME, patienceMs: config.redisWaitMs, counts, logger },
    ...(folder !== '' && { files: { folder: join(folder, 'files'), maxBytes: fileBytes } }),
  });
}

/** What is kept over a restart; undefined if nothing is. */
function keptParts(app: ReturnType<typeof connectionParts>, { folder }: CacheConfig) {
  const knowledge = folder === '' ? undefined : new KeptKnowledge(new KeptFile(join(folder, 'known.json')));
  const hotSet = folder === '' ? undefined : new HotSet(new KeptFile(join(folder, 'hot.json')));
  return app
    .part('kept', () => started({ knowledge, hotSet }, {}))
    .part('known', async () => started((await knowledge?.read()) ?? NOTHING_KNOWN, {}));
}

/** The cache with its levels, and the list of what is invalid. */
function cacheParts(app: ReturnType<typeof keptParts>, config: CacheConfig, logger: Logger) {
  return app
    .part('instruments', ({ metrics }) => cacheInstruments(metrics.meter))
    .part('cache', ({ nats, counts, levels, instruments, known, partitionCount }) =>
      openCache({
        ...{ nats, levels, counts, logger, earlier: known, maxBytes: config.memoryBytes },
        maxFloors: Math.ceil(MAX_STATUS_FLOORS / partitionCount),
        onApplied: (lagMs) => instruments.invalidated(lagMs),
      }),
    );
}

/** The statuses, kept fresh by the log. */
function statusParts(app: ReturnType<typeof cacheParts>, logger: Logger) {
  return app
    .part('following', () => new FollowerSlot())
    .part('watches', () => new Watches())
    .part('statuses', ({ cache: { cache }, client, partitionCount, following, watches }) => {
      const directory = new Directory();
      const source = new StatusSource({
        ...{ client, partitionCount },
        followedTo: (partition) => following.positionOf(partition),
        isLive: (partition) => following.isLive(partition),
      });
      const isLive = (vehicleId: string) => following.isLive(partitionOf(vehicleId, partitionCount));
      const typed = cache.addType({ ...statusType, isLive });
      const statuses = new Statuses({
        ...{ cache, typed, directory, source, following, partitionCount },
        onChange: (vehicleId, change) => watches.changed(vehicleId, change),
      });
      return started({ directory, source, statuses, typed }, {});
    })
    .part('sampling', ({ statuses: { typed, source }, following, instruments }) => {
      const sampler = new Sampler({
        ...{ typed, source, following, random: Math.random },
        onCompared(vehicleId, afterMs, agrees) {
          instruments.compared(afterMs, agrees);
          if (!agrees && afterMs === Math.max(...COMPARED_AFTER_MS))
            logger.warn({ vehicleId }, 'a status in the cache is not that of history');
        },
      });
      return started(undefined, { stop: sampleNowAndThen(sampler) });
    })
    .part('outdating', ({ cache: { cache } }) => new Outdating(cache))
    .part('reads', ({ cache: { cache }, client, partitionCount, following, outdating }) => {
      const isComplete = () => outdating.isComplete;
      return cachedReads(new CachedCalls({ cache, following, partitionCount, isComplete }), client);
    })
    .part(
      'keeping',
      ({ kept, cache: { cache, invalidations }, following, outdating, statuses: { typed } }) => {
        const store = async () => {
          await kept.hotSet?.store(typed.hotKeys());
          const pending = cache.pending();
          // Until then it is not known what the log has had up to where it is followed.
          if (!outdating.isComplete) return await kept.knowledge?.storePending(pending);
          const positions = following.current?.positions() ?? [];
          await kept.knowledge?.store({
            ...{ positions, pending },
            ...{ invalidations: invalidations.seen(), floors: cache.keep() },
          });
        };
        return started(undefined, { stop: storeNowAndThen(store, logger) });
      },
    )
    .part(
      'feed',
      ({ cache: { cache }, known, client, partitionCount, following, watches, statuses, outdating }) => {
        const trouble = new Trouble({ logger, message: 'the log cannot be followed' });
        const feed = new Feed({
          ...{ ...statuses, cache, client, partitionCount, watches, outdating, follower: following },
          known: known.positions,
          onTrouble: (error) => void trouble.failed(error),
          onSuccess: () => trouble.succeeded(),
        });
        return started(feed, { start: () => feed.start(), stop: () => feed.stop() });
      },
    );
}

/** Until the returned function is called. While history does not answer, there is nothing to compare with. */
function sampleNowAndThen(sampler: Sampler): () => void {
  const stopping = new AbortController();
  const sample = () => void sampler.sample(stopping.signal).catch(() => undefined);
  const sampling = setInterval(sample, SAMPLE_EVERY_MS).unref();
  return () => {
    clearInterval(sampling);
    stopping.abort();
  };
}

/** Each minute, and once more when it is stopped. */
function storeNowAndThen(store: () => Promise<void>, logger: Logger): () => Promise<void> {
  const trouble = new Trouble({ logger, message: 'what the next process needs cannot be stored' });
  const tryToStore = async () => {
    try {
      await store();
      trouble.succeeded();
    } catch (error) {
      trouble.failed(error);
    }
  };
  const storing = setInterval(() => void tryToStore(), STORE_EVERY_MS).unref();
  return async () => {
    clearInterval(storing);
    await tryToStore();
  };
}

function apiParts(app: ReturnType<typeof statusParts>, config: CacheConfig, logger: Logger) {
  return app.part(
    'grpc',
    ({
      metrics,
      counts,
      cache,
      kept,
      partitionCount,
      following,
      watches,
      statuses,
      levels,
      outdating,
      reads,
      feed,
    }) => {
      const { directory } = statuses;
      const shared = { ...cache, ...statuses, lower: levels.lower, following, watches, partitionCount };
      measureCache(metrics.meter, shared);
      return grpcPart({
        ...config.grpc,
        services: [
          vehicleStatusService({
            ...{ ...shared, isComplete: () => feed.isComplete, maxWatches: config.maxWatches },
          }),
          cachedHistoryService(reads),
          cacheService({ ...shared, counts, hotSet: kept.hotSet, memoryBytes: config.memoryBytes }),
        ],
        maxMessageBytes: MAX_REQUEST_BYTES,
        notReadyBecause: () => {
          if (!feed.isComplete) return `the vehicles are still being listed, ${directory.size} so far`;
          return outdating.isComplete ? undefined : 'what the log has had since the last start is being read';
        },
        ...{ logger, meter: metrics.meter },
      });
    },
  );
}
