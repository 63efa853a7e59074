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
import { createLog } from '@odograph/platform/log';
import { createMetrics } from '@odograph/platform/metrics';
import { connectMongo } from '@odograph/platform/mongo';
import { connectNats } from '@odograph/platform/nats';
import { started } from '@odograph/platform/part';
import { createPartitionTeller } from './api/describe.ts';
import type { RunOnMongo } from './api/run-on-mongo.ts';
import { eventLogService } from './api/event-log-service.ts';
import { projectionsService } from './api/projections-service.ts';
import { vehicleHistoryService } from './api/vehicle-history-service.ts';
import type { HistoryConfig } from './config.ts';
import { samples } from './domain/samples.ts';
import { status } from './domain/status.ts';
import { createLogIndexes, logCollections } from './log/collections.ts';
import { watchFreeDisk } from './log/free-disk.ts';
import { createMongoLogReader } from './log/mongo-log-reader.ts';
import { createPartitionRecords } from './log/partition-record.ts';
import { startPartitions } from './log/partitions.ts';
import { DEFAULT_TRIM_SETTINGS } from './log/trim.ts';
import { observeWriters } from './log-metrics.ts';
import { observeTails, observeViews } from './view-metrics.ts';
import { readModelOf, startViews } from './views/views.ts';

/** History: the log writers, the views behind them, and the answers. Each part stops before those it stands on. */
export function historyApp(config: HistoryConfig) {
  const { partitionCount } = config;
  return compose('history')
    .part('log', [], () => createLog('history', config.log.level))
    .part('metrics', [], async () => {
      const metrics = createMetrics('history');
      const endpoint = await metrics.serve(config.metrics);
      return started({ ...metrics, port: endpoint.port }, { stop: () => endpoint.stop() });
    })
    .part('mongo', ['metrics'], async ({ metrics }) => {
      const mongo = await connectMongo({ ...config.mongo, name: 'history' }, metrics.meter);
      return started(mongo, { stop: () => mongo.close() });
    })
    .part('nats', ['log'], async ({ log }) => {
      const nats = await connectNats({ ...config.nats, name: 'history', log });
      return started(nats, { stop: (leftMs) => nats.drain(leftMs / 2) });
    })
    // Of their own, so that neither broadcasts nor followers wait behind the reading of envelopes.
    .part('broadcasts', ['log'], async ({ log }) => {
      const nats = await connectNats({ ...config.nats, name: 'history-broadcasts', log });
      return started(nats, { stop: (leftMs) => nats.drain(leftMs / 2) });
    })
    .part('collections', ['mongo'], async ({ mongo }) => {
      const collections = logCollections(mongo.db);
      await createLogIndexes(collections);
      await createPartitionRecords(collections.partitions, partitionCount);
      return collections;
    })
    .part('reader', ['collections'], ({ collections }) => createMongoLogReader(collections))
    .part('listen', ['broadcasts'], ({ broadcasts }): ListenToLog => {
      return (partition, onBroadcast) => listenToLog(broadcasts.connection, partition, onBroadcast);
    })
    .part('freeDisk', ['mongo', 'log'], ({ mongo, log }) => {
      const disk = watchFreeDisk(mongo.db, (err) => log.warn({ err }, 'the free disk is not known'));
      return started(disk, { stop: () => disk.stop() });
    })
    .part(
      'writers',
      ['collections', 'reader', 'nats', 'broadcasts', 'freeDisk', 'metrics', 'log'],
      async ({ collections, reader, nats, broadcasts, freeDisk, metrics, log }) => {
        const writers = startPartitions({
          owner: config.instance,
          collections,
          reader,
          jetstream: jetstream(nats.connection),
          manager: await jetstreamManager(nats.connection),
          broadcasts: broadcasts.connection,
          streams: { partitionCount, ...config.stream },
          leaseTtlMs: config.leaseTtlMs,
          trim: { ...DEFAULT_TRIM_SETTINGS, keepMs: config.stream.keepMs },
          freeDiskRatio: () => freeDisk.ratio(),
          clock: systemClock,
          observer: observeWriters(metrics.meter, log),
        });
        nats.onReconnect(() => writers.checkAgain());
        return started(writers, { stop: () => writers.stop() });
      },
    )
    .part(
      'views',
      ['mongo', 'reader', 'listen', 'writers', 'metrics', 'log'],
      async ({ mongo, reader, listen, writers, metrics, log }) => {
        const views = await startViews({
          partitionCount,
          database: mongo.db,
          reader,
          listen,
          projections: [status, samples],
          isOwner: (partition) => writers.isOwner(partition),
          settings: config.views,
          observer: observeViews(metrics.meter, log),
        });
        observeTails(metrics.meter, views.tails);
        return started(views, { stop: () => views.stop() });
      },
    )
    .part('teller', ['collections', 'views', 'writers', 'listen'], ({ collections, views, writers, listen }) => {
      const { checkpoints } = views;
      const teller = createPartitionTeller({ partitionCount, collections, checkpoints, writers, listen });
      return started(teller, { stop: () => teller.stop() });
    })
    .part('publisher', ['nats', 'log'], async ({ nats, log }) => {
      const { connection } = nats;
      const watch = createStreamWatch({
        connection,
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
    })
    .part(
      'grpc',
      ['log', 'metrics', 'mongo', 'reader', 'listen', 'views', 'teller', 'publisher'],
      async ({ log, metrics, mongo, reader, listen, views, teller, publisher }) => {
        const run: RunOnMongo = (work) => mongo.run(work);
        const models = {
          status: readModelOf(mongo.db, status),
          samples: readModelOf(mongo.db, samples),
        };
        const server = await createGrpcServer({
          ...config.grpc,
          services: [
            vehicleHistoryService({ partitionCount, views, run, ...models }),
            eventLogService({ partitionCount, reader, listen, run, describe: () => teller.describe() }),
            projectionsService({ partitionCount, views, run, publisher, clock: systemClock }),
          ],
          descriptorSet,
          log,
          meter: metrics.meter,
        });
        return started(server, {
          start: () => server.setServing(true),
          stop: (leftMs) => server.stop(leftMs / 2),
        });
      },
    );
}
