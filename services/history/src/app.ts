import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { descriptorSet } from '@odograph/contracts/descriptors';
import { systemClock } from '@odograph/kernel/clock';
import { started } from '@odograph/platform/app/app';
import { compose } from '@odograph/platform/app/compose';
import {
  grpcPart,
  metricsPart,
  mongoPart,
  natsPart,
  publisherPart,
} from '@odograph/platform/app/service-parts';
import type { Logger } from '@odograph/platform/logger';
import type { Mongo } from '@odograph/platform/mongo';
import { createPartitionTeller } from './api/describe.ts';
import { eventLogService } from './api/event-log-service.ts';
import { projectionsService } from './api/projections-service.ts';
import { vehicleHistoryService } from './api/vehicle-history-service.ts';
import type { HistoryConfig } from './config.ts';
import { samples } from './domain/samples/samples.ts';
import { status } from './domain/status/status.ts';
import { openLiveLog } from './log/broadcast.ts';
import { createLogIndexes, logCollections } from './log/collections.ts';
import { watchFreeDisk } from './log/free-disk.ts';
import { observeWriters } from './log/metrics.ts';
import { createMongoLogReader } from './log/mongo-log-reader.ts';
import { createPartitionRecords } from './log/partition-record.ts';
import { startPartitions } from './log/partitions.ts';
import { DEFAULT_TRIM_SETTINGS } from './upkeep/trim.ts';
import { observeTails, observeViews } from './views/metrics.ts';
import { readModelOf, startViews } from './views/views.ts';

export const SERVICE_NAME = 'history';

/** For each partition an insert or a move of the watermark, a renewal, and a follower. */
const LOG_POOL = { min: 1, max: 20 };

/** History: the log writers, the views behind them, and the answers. Each part stops before those it stands on. */
export function historyApp(config: HistoryConfig, logger: Logger) {
  const { partitionCount } = config;
  return (
    engines(config, logger)
      .part('log', ({ logMongo, mongo }) => openLog(logMongo, mongo, partitionCount))
      .part('writers', async (parts) => {
        const { disk, nats, liveLog, metrics } = parts;
        const writers = startPartitions({
          ...parts.log,
          owner: config.instance,
          jetstream: jetstream(nats.connection),
          manager: await jetstreamManager(nats.connection),
          broadcaster: liveLog.broadcaster,
          streams: { partitionCount, ...config.stream },
          leaseTtlMs: config.leaseTtlMs,
          trim: { ...DEFAULT_TRIM_SETTINGS, keepMs: config.stream.keepMs },
          freeDiskRatio: () => disk.ratio(),
          clock: systemClock,
          observer: observeWriters(metrics.meter, logger, systemClock),
        });
        nats.onReconnect(() => writers.checkAgain());
        return started(writers, { stop: () => writers.stop() });
      })
      .part('models', ({ mongo: { db } }) => ({
        status: readModelOf(db, status),
        samples: readModelOf(db, samples),
      }))
      .part('views', async (parts, stopping) => {
        const { mongo, listen, models, writers, metrics } = parts;
        const views = await startViews({
          partitionCount,
          database: mongo.db,
          log: parts.log.reader,
          listen,
          models: [models.status, models.samples],
          stopping,
          isOwner: (partition) => writers.isOwner(partition),
          settings: config.views,
          observer: observeViews(metrics.meter, logger),
        });
        observeTails(metrics.meter, views.tails);
        return started(views, { stop: () => views.stop() });
      })
      // What is decided about the views comes in through the log, as everything else does.
      .part('publisher', ({ nats, metrics: { meter } }) => publisherPart({ nats, logger, meter }))
      .part('teller', (parts) => {
        const { collections } = parts.log;
        const { checkpoints } = parts.views;
        const teller = createPartitionTeller({ ...parts, partitionCount, collections, checkpoints });
        return started(teller, { stop: () => teller.stop() });
      })
      .part('grpc', (parts) => {
        const { metrics, mongo, models, teller } = parts;
        const shared = { ...parts, partitionCount };
        return grpcPart({
          ...config.grpc,
          services: [
            vehicleHistoryService({ ...shared, ...models }),
            eventLogService({ ...shared, reader: parts.log.queries, describe: () => teller.describe() }),
            projectionsService({ ...shared, models: [models.status, models.samples], clock: systemClock }),
          ],
          descriptorSet,
          toFault: mongo.asFault,
          logger,
          meter: metrics.meter,
        });
      })
  );
}

/** What the process is connected to, and where it is measured. */
function engines(config: HistoryConfig, logger: Logger) {
  const open = (name: string, signal: AbortSignal, isEchoing = true) =>
    natsPart({ ...config.nats, name, logger, signal, isEchoing });
  return (
    compose(SERVICE_NAME)
      .part('metrics', () => metricsPart(SERVICE_NAME, config.metrics))
      .part('mongo', ({ metrics: { meter } }) => mongoPart({ ...config.mongo, name: SERVICE_NAME }, meter))
      .part('logMongo', ({ metrics: { meter } }) =>
        mongoPart({ ...config.mongo, pool: LOG_POOL, name: `${SERVICE_NAME}-log` }, meter),
      )
      .part('nats', (_, signal) => open(SERVICE_NAME, signal))
      // Of its own, so that neither broadcasts nor those who listen to them wait behind the reading of envelopes.
      .part('broadcasts', (_, signal) => open(`${SERVICE_NAME}-broadcasts`, signal, false))
      .part('liveLog', ({ broadcasts: { connection } }) => openLiveLog(connection))
      .part('listen', ({ liveLog }) => liveLog.listen)
      .part('disk', ({ mongo: { db } }) => {
        const disk = watchFreeDisk(db, (err) => logger.warn({ err }, 'the free disk is not known'));
        return started(disk, { stop: () => disk.stop() });
      })
  );
}

/** What writes and follows the log has connections of its own, so that no query can keep it waiting. */
async function openLog(own: Mongo, queries: Mongo, partitionCount: number) {
  const collections = logCollections(own.db);
  await createLogIndexes(collections);
  await createPartitionRecords(collections.partitions, partitionCount);
  const reader = createMongoLogReader(collections);
  return { collections, reader, queries: createMongoLogReader(logCollections(queries.db)) };
}
