import { setTimeout as delay } from 'node:timers/promises';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { descriptorSet } from '@odograph/contracts/descriptors';
import { listenToLog } from '@odograph/event-log/live-log';
import { createPublisher } from '@odograph/event-log/publisher';
import { createStreamWatch } from '@odograph/event-log/stream-watch';
import type { ListenToLog } from '@odograph/event-log/subscribe';
import { systemClock } from '@odograph/kernel/clock';
import { compose } from '@odograph/platform/compose';
import { createGrpcServer } from '@odograph/platform/grpc-server';
import type { Log } from '@odograph/platform/log';
import { createMetrics } from '@odograph/platform/metrics';
import { connectMongo, type Mongo } from '@odograph/platform/mongo';
import { connectNats, type Nats } from '@odograph/platform/nats';
import { started } from '@odograph/platform/part';
import { createPartitionTeller } from './api/describe.ts';
import { eventLogService } from './api/event-log-service.ts';
import { projectionsService } from './api/projections-service.ts';
import { vehicleHistoryService } from './api/vehicle-history-service.ts';
import type { HistoryConfig } from './config.ts';
import { samples } from './domain/samples.ts';
import { status } from './domain/status.ts';
import { createLogIndexes, logCollections } from './log/collections.ts';
import { watchFreeDisk } from './log/free-disk.ts';
import { observeWriters } from './log/metrics.ts';
import { createMongoLogReader } from './log/mongo-log-reader.ts';
import { createPartitionRecords } from './log/partition-record.ts';
import { startPartitions } from './log/partitions.ts';
import { DEFAULT_TRIM_SETTINGS } from './log/trim.ts';
import { observeTails, observeViews } from './views/metrics.ts';
import { readModelOf, startViews } from './views/views.ts';

/** History: the log writers, the views behind them, and the answers. Each part stops before those it stands on. */
export function historyApp(config: HistoryConfig, log: Log) {
  const { partitionCount } = config;
  return (
    engines(config, log)
      .part('log', ['mongo'], ({ mongo }) => openLog(mongo, partitionCount))
      .part('listen', ['broadcasts'], ({ broadcasts: { connection } }): ListenToLog => {
        return (partition, onBroadcast) => listenToLog(connection, partition, onBroadcast);
      })
      .part('writers', ['mongo', 'nats', 'broadcasts', 'log', 'metrics'], async (parts) => {
        const { mongo, nats, broadcasts, metrics } = parts;
        const disk = watchFreeDisk(mongo.db, (err) => log.warn({ err }, 'the free disk is not known'));
        const writers = startPartitions({
          ...parts.log,
          owner: config.instance,
          jetstream: jetstream(nats.connection),
          manager: await jetstreamManager(nats.connection),
          broadcasts: broadcasts.connection,
          streams: { partitionCount, ...config.stream },
          leaseTtlMs: config.leaseTtlMs,
          trim: { ...DEFAULT_TRIM_SETTINGS, keepMs: config.stream.keepMs },
          freeDiskRatio: () => disk.ratio(),
          clock: systemClock,
          observer: observeWriters(metrics.meter, log, systemClock),
        });
        nats.onReconnect(() => writers.checkAgain());
        const stop = () => {
          disk.stop();
          return writers.stop();
        };
        return started(writers, { stop });
      })
      .part('models', ['mongo'], ({ mongo: { db } }) => ({
        status: readModelOf(db, status),
        samples: readModelOf(db, samples),
      }))
      .part('views', ['mongo', 'log', 'listen', 'models', 'writers', 'metrics'], async (parts) => {
        const { mongo, listen, models, writers, metrics } = parts;
        const views = await startViews({
          partitionCount,
          database: mongo.db,
          log: parts.log.reader,
          listen,
          models: [models.status, models.samples],
          isOwner: (partition) => writers.isOwner(partition),
          settings: config.views,
          observer: observeViews(metrics.meter, log),
        });
        observeTails(metrics.meter, views.tails);
        return started(views, { stop: () => views.stop() });
      })
      // What is decided about the views comes in through the log, as everything else does.
      .part('publisher', ['nats'], ({ nats }) => openPublisher(nats, log))
      .part('teller', ['log', 'views', 'writers', 'listen'], (parts) => {
        const { collections } = parts.log;
        const { checkpoints } = parts.views;
        const teller = createPartitionTeller({ ...parts, partitionCount, collections, checkpoints });
        return started(teller, { stop: () => teller.stop() });
      })
      .part(
        'grpc',
        ['metrics', 'mongo', 'log', 'listen', 'models', 'views', 'teller', 'publisher'],
        async (parts) => {
          const { metrics, mongo, models, teller } = parts;
          const { reader } = parts.log;
          const run = <T>(work: () => Promise<T>) => mongo.run(work);
          const shared = { ...parts, partitionCount, run };
          const services = [
            vehicleHistoryService({ ...shared, ...models }),
            eventLogService({ ...shared, reader, describe: () => teller.describe() }),
            projectionsService({ ...shared, clock: systemClock }),
          ];
          const server = await createGrpcServer({
            ...config.grpc,
            services,
            descriptorSet,
            log,
            meter: metrics.meter,
          });
          return started(server, {
            start: () => server.setServing(true),
            stop: (leftMs) => server.stop(leftMs / 2),
          });
        },
      )
  );
}

/** What the process is connected to, and where it is measured. */
function engines(config: HistoryConfig, log: Log) {
  const openNats = async (name: string) => {
    const nats = await connectNats({ ...config.nats, name, log });
    return started(nats, { stop: (leftMs) => nats.drain(leftMs / 2) });
  };
  return (
    compose('history')
      .part('metrics', [], async () => {
        const metrics = createMetrics('history');
        const endpoint = await metrics.serve(config.metrics);
        return started({ ...metrics, port: endpoint.port }, { stop: () => endpoint.stop() });
      })
      .part('mongo', ['metrics'], async ({ metrics }) => {
        const mongo = await connectMongo({ ...config.mongo, name: 'history' }, metrics.meter);
        return started(mongo, { stop: () => mongo.close() });
      })
      .part('nats', [], () => openNats('history'))
      // Of its own, so that neither broadcasts nor those who listen to them wait behind the reading of envelopes.
      .part('broadcasts', [], () => openNats('history-broadcasts'))
  );
}

async function openLog({ db }: Mongo, partitionCount: number) {
  const collections = logCollections(db);
  await createLogIndexes(collections);
  await createPartitionRecords(collections.partitions, partitionCount);
  return { collections, reader: createMongoLogReader(collections) };
}

async function openPublisher({ connection, isConnected }: Nats, log: Log) {
  const watch = createStreamWatch({
    connection,
    isConnected,
    manager: await jetstreamManager(connection),
    onTrouble: (err) => log.warn({ err }, 'a stream could not be looked at'),
  });
  const publisher = createPublisher({ jetstream: jetstream(connection), watch });
  return started(publisher, {
    async stop(leftMs) {
      await Promise.race([publisher.drain(), delay(leftMs / 2, undefined, { ref: false })]);
      watch.stop();
    },
  });
}
