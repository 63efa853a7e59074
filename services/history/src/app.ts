import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { createDecisionQuota } from '@odograph/decisions/decision-quota';
import { MAX_ENVELOPE_EVENTS } from '@odograph/event-log/envelope';
import { systemClock } from '@odograph/kernel/clock';
import type { Position } from '@odograph/kernel/position';
import { started } from '@odograph/platform/app/app';
import { compose } from '@odograph/platform/app/compose';
import { publisherPart } from '@odograph/platform/app/publisher-part';
import { grpcPart, metricsPart, mongoPart, natsPart } from '@odograph/platform/app/service-parts';
import type { Logger } from '@odograph/platform/logger';
import type { Mongo } from '@odograph/platform/mongo';
import { Trouble } from '@odograph/platform/trouble';
import { status } from '@odograph/projections/status';
import type { Meter } from '@opentelemetry/api';
import { createPartitionDescriber } from './api/describe-partitions.ts';
import { eventLogService } from './api/event-log-service.ts';
import { createParkedList } from './api/parked-list.ts';
import { projectionsService } from './api/projections-service.ts';
import { MAX_REQUEST_BYTES } from './api/sample-queries.ts';
import { vehicleHistoryService } from './api/vehicle-history-service.ts';
import { vehicleRegistryService } from './api/vehicle-registry-service.ts';
import { createReleaseParked } from './commands/parked.ts';
import { createDecideRegistration } from './commands/registration.ts';
import { type HistoryConfig, MIN_POOL, MONGO_WAITS } from './config.ts';
import { registrationProjection } from './domain/registration/registration-projection.ts';
import { samples } from './domain/samples/samples.ts';
import { answerBells } from './log/bells.ts';
import { openLiveLog } from './log/broadcaster.ts';
import { createLogIndexes, logCollections, refuseFirstForm } from './log/collections.ts';
import { watchFreeDisk } from './log/free-disk.ts';
import { createWriterMetrics } from './log/metrics.ts';
import { createMongoLogReader, STRETCH_OF_A_STREAM } from './log/mongo-log-reader.ts';
import { createPartitionRecords } from './log/partition-record.ts';
import { startPartitions } from './log/partitions.ts';
import { setMessageAside } from './log/set-aside.ts';
import { startTrimming } from './upkeep/trim.ts';
import { createViewMetrics, measureViews } from './views/metrics.ts';
import { readModelOf, startViews } from './views/views.ts';

export const SERVICE_NAME = 'history';

/** After this long without an answer of MongoDB, history is not ready. */
const MONGO_SILENT_MS = 10_000;
/**
 * What a partition can have under way in the log, so that the renewal of a lease never waits for a connection: an insert, a
 * read for the next batch, a write of the ledger, the renewal, a read of its view, and one of a trim or a new projection.
 */
const LOG_OPERATIONS = 6;
/** Decisions are few, and are accepted where telemetry is refused, until JetStream itself has no room: then OVERLOADED. */
const DECISIONS = { publisher: { envelopeEvents: MAX_ENVELOPE_EVENTS, ackTimeoutMs: 5_000 } };

/** The whole process: its connections, the log, the views of the log, and the API. Each part stops before the parts above it. */
export function historyApp(config: HistoryConfig, logger: Logger) {
  const connections = connectionParts(config, logger);
  const log = logParts(connections, config, logger);
  const views = viewParts(log, config, logger);
  return apiParts(views, config, logger);
}

function connectionParts(config: HistoryConfig, logger: Logger) {
  const { maxPool, ...mongo } = config.mongo;
  const queryPool = { min: MIN_POOL, max: maxPool, waitMs: MONGO_WAITS.connectionMs };
  const openMongo = (name: string, pool: typeof queryPool, meter: Meter, answerWaitMs?: number) =>
    mongoPart({ ...mongo, name, pool, serverWaitMs: MONGO_WAITS.serverMs, answerWaitMs }, meter);
  const openNats = (name: string, signal: AbortSignal, isEchoing = true) =>
    natsPart({ ...config.nats, name, logger, signal, isEchoing });
  return (
    compose(SERVICE_NAME)
      .part('metrics', () => metricsPart(SERVICE_NAME, config.metrics))
      .part('mongo', ({ metrics }) => openMongo(SERVICE_NAME, queryPool, metrics.meter, MONGO_WAITS.answerMs))
      .part('partitionCount', ({ mongo }) => openPartitions(mongo, config.wantedPartitions))
      // The log has its own connections, so that it never waits for a query.
      .part('logMongo', ({ metrics, partitionCount }) => {
        // One more asks for the free disk.
        const pool = { ...queryPool, min: 1, max: LOG_OPERATIONS * partitionCount + 1 };
        return openMongo(`${SERVICE_NAME}-log`, pool, metrics.meter);
      })
      .part('nats', (_, signal) => openNats(SERVICE_NAME, signal))
      // Broadcasts have their own connection, so that they never wait behind the reading of envelopes.
      .part('broadcasts', (_, signal) => openNats(`${SERVICE_NAME}-broadcasts`, signal, false))
  );
}

/** The log in MongoDB, a writer for each partition, and the bells of those in other processes. */
function logParts(app: ReturnType<typeof connectionParts>, config: HistoryConfig, logger: Logger) {
  const { stream, instance: owner, leaseTtlMs, ledgerIntervalMs } = config;
  return app
    .part('log', ({ logMongo, mongo }) => openLog(logMongo, mongo))
    .part('liveLog', ({ broadcasts }) => openLiveLog(broadcasts.connection))
    .part('disk', ({ logMongo }) => {
      const trouble = new Trouble({ logger, message: 'the free disk is not known' });
      const disk = watchFreeDisk(logMongo, trouble);
      return started(disk, { stop: () => disk.stop() });
    })
    .part('writers', async ({ partitionCount, nats, logMongo, log, liveLog, disk, metrics }) => {
      const shared = {
        ...{ ...log, logger, clock: systemClock },
        manager: await jetstreamManager(nats.connection),
        metrics: createWriterMetrics(metrics.meter, partitionCount),
      };
      const writers = startPartitions({
        ...{ ...shared, owner, leaseTtlMs, ledgerIntervalMs },
        jetstream: jetstream(nats.connection),
        broadcaster: liveLog.broadcaster,
        streams: { partitionCount, ...stream },
        freeDiskRatio: () => disk.ratio(),
        toFault: logMongo.asFault,
      });
      nats.onReconnect(() => writers.checkAgain());
      const trimming = startTrimming({
        ...{ ...shared, partitionCount, keepMs: stream.keepMs },
        isOwner: writers.isOwner,
      });
      const stop = async () => {
        trimming.stop();
        await writers.stop();
      };
      return started(writers, { stop });
    })
    .part('bells', ({ broadcasts, partitionCount, log, liveLog, writers }) => {
      const bells = answerBells({
        ...{ partitionCount, connection: broadcasts.connection, reader: log.reader, live: liveLog },
        isOwner: writers.isOwner,
        trouble: new Trouble({ logger, message: 'the log could not be read after a broadcast' }),
      });
      return started(bells, { stop: () => bells.stop() });
    });
}

/** The read models, and the views that follow the log and store them. */
function viewParts(app: ReturnType<typeof logParts>, { views: settings }: HistoryConfig, logger: Logger) {
  return app
    .part('models', ({ mongo }) => ({
      status: readModelOf(mongo.db, status),
      samples: readModelOf(mongo.db, samples),
      registration: readModelOf(mongo.db, registrationProjection),
    }))
    .part('views', async ({ partitionCount, mongo, log, liveLog, models, writers, metrics }, stopping) => {
      const projections = Object.values(models).map(({ projection }) => projection.name);
      const views = await startViews({
        ...{ partitionCount, settings, stopping, database: mongo.db },
        log: log.reader,
        listen: liveLog.listen,
        models: Object.values(models),
        isOwner: (partition) => writers.isOwner(partition),
        metrics: createViewMetrics(metrics.meter, partitionCount, projections),
        logger,
      });
      measureViews(metrics.meter, views);
      return started(views, { stop: () => views.stop() });
    });
}

function apiParts(app: ReturnType<typeof viewParts>, config: HistoryConfig, logger: Logger) {
  return (
    app
      // Decisions about the views enter through the log, as all events do.
      .part('publisher', ({ nats, metrics }) =>
        publisherPart({ ...DECISIONS, nats, logger, meter: metrics.meter }),
      )
      .part('partitionInfo', ({ partitionCount, log, liveLog, views, writers }) => {
        const { collections, queries: reader } = log;
        return createPartitionDescriber({ partitionCount, collections, reader, views, writers, liveLog });
      })
      .part('decisions', () =>
        createDecisionQuota({
          decisionsPerSecond: config.limits.decisionsPerSecond,
          clock: systemClock,
        }),
      )
      .part('releaseParked', ({ partitionCount, models, views, publisher }) =>
        createReleaseParked({
          ...{ partitionCount, publisher, clock: systemClock },
          reader: views.reader,
          models: Object.values(models),
        }),
      )
      .part('setMessageAside', async ({ nats, log: { collections, queries } }) => {
        const manager = await jetstreamManager(nats.connection);
        return (message: Position) => setMessageAside({ manager, collections, reader: queries }, message);
      })
      .part('decideRegistration', ({ partitionCount, log, models, views, publisher }) =>
        createDecideRegistration({
          ...{ partitionCount, publisher, clock: systemClock, reader: views.reader, ...models },
          log: log.queries,
        }),
      )
      .part(
        'grpc',
        ({ partitionCount, metrics, mongo, log, disk, liveLog, models, views, partitionInfo, ...commands }) =>
          grpcPart({
            ...config.grpc,
            services: [
              vehicleHistoryService({ partitionCount, views, ...models }),
              eventLogService({
                ...{ partitionCount, reader: log.queries, listen: liveLog.listen },
                describe: partitionInfo,
                setMessageAside: commands.setMessageAside,
                limits: config.limits,
              }),
              projectionsService({
                parkedList: createParkedList({ partitionCount, views }),
                decisions: commands.decisions,
                releaseParked: commands.releaseParked,
              }),
              vehicleRegistryService({
                ...{ partitionCount, views, ...models },
                decisions: commands.decisions,
                decideRegistration: commands.decideRegistration,
              }),
            ],
            maxMessageBytes: MAX_REQUEST_BYTES,
            notReadyBecause: () => disk.failsFor(MONGO_SILENT_MS),
            ...{ logger, meter: metrics.meter, toFault: mongo.asFault },
          }),
      )
  );
}

/** The partition count of the log. */
async function openPartitions({ db }: Mongo, wanted: number): Promise<number> {
  await refuseFirstForm(db);
  return await createPartitionRecords(logCollections(db).partitions, wanted);
}

/** The log, read and written through its own connections, and a reader for queries. */
async function openLog(own: Mongo, queries: Mongo) {
  const collections = logCollections(own.db);
  await createLogIndexes(collections);
  const reader = createMongoLogReader(collections);
  return {
    collections,
    reader,
    queries: createMongoLogReader(logCollections(queries.db), STRETCH_OF_A_STREAM),
  };
}
