import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { contentHash } from '@odograph/contracts/canonical';
import { encodeEvent } from '@odograph/contracts/event-catalogue';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { signalsToWire } from '@odograph/contracts/signals';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import { TestPublisher } from '@odograph/event-log/publisher.fixture';
import { StreamWatch } from '@odograph/event-log/stream-watch';
import { systemClock } from '@odograph/kernel/clock';
import { type Logger, silentLogger } from '@odograph/platform/logger';
import { natsOptions } from '@odograph/platform/nats-options';
import { type TestEngine, testMongo } from '@odograph/testing/engines';
import { answerBells } from './bells.ts';
import { openLiveLog } from './broadcaster.ts';
import { createLogIndexes, logCollections } from './collections.ts';
import { createKeptHolders } from './holders.ts';
import type { WriterMetrics } from './metrics.ts';
import { createMongoLogReader } from './mongo-log-reader.ts';
import { createPartitionRecords } from './partition-record.ts';
import { PartitionWriter } from './writer.ts';

interface ReportSketch {
  readonly vehicleId: string;
  readonly reportId: string;
  readonly observedAtMs: number;
  readonly speedKmh?: number;
}

/** The event of a report with one sample, as ingest makes it. */
export function reported({ vehicleId, reportId, observedAtMs, speedKmh = 50 }: ReportSketch): Event {
  const signals = { speed_kmh: speedKmh };
  const head = { subject: vehicleId, reportId, observedAtMs, receivedAtMs: observedAtMs + 1_000 };
  const samples = [{ observedAtMs, signals }];
  const content = { vehicleId, samples: [{ observedAtMs, signals: signalsToWire(signals) }] };
  return encodeEvent({ ...head, type: 'TelemetryReported', samples }, { contentHash: contentHash(content) });
}

const NO_METRICS: WriterMetrics = {
  committed: () => undefined,
  lookedUp: () => undefined,
  retried: () => undefined,
  halted: () => undefined,
  resumed: () => undefined,
};

/** A log on real engines: streams, MongoDB, a publisher, and the writers that a test starts. */
export async function openTestLog(
  nats: TestEngine,
  { partitionCount = 1, leaseTtlMs = 1_500, ledgerIntervalMs = 30_000 } = {},
) {
  const mongo = await testMongo();
  const collections = logCollections(mongo.db);
  await createLogIndexes(collections);
  await createPartitionRecords(collections.partitions, partitionCount);
  const reader = createMongoLogReader(collections);
  const connections: NatsConnection[] = [];
  const stops: (() => Promise<void> | void)[] = [];

  async function openConnection(): Promise<NatsConnection> {
    const connection = await connect({
      ...natsOptions(nats),
      reconnectTimeWait: 50,
      maxReconnectAttempts: -1,
    });
    connections.push(connection);
    return connection;
  }

  async function writer(
    owner: string,
    options: {
      partition?: number;
      maxBytes?: number;
      metrics?: Partial<WriterMetrics>;
      logger?: Logger;
    } = {},
  ) {
    const connection = await openConnection();
    const { partition = 0, maxBytes = 64 * 1024 * 1024, metrics, logger = silentLogger } = options;
    const started = new PartitionWriter({
      partition,
      owner,
      collections,
      reader,
      keptHolders: createKeptHolders(),
      jetstream: jetstream(connection),
      manager: await jetstreamManager(connection),
      broadcaster: openLiveLog(connection).broadcaster(partition),
      streams: { partitionCount, maxBytes, replicas: 1 },
      leaseTtlMs,
      ledgerIntervalMs,
      freeDiskRatio: () => 0.5,
      toFault: (error) => error,
      clock: systemClock,
      metrics: { ...NO_METRICS, ...metrics },
      logger,
    });
    void watchReconnections(connection, () => started.checkAgain());
    stops.push(() => started.stop());
    return started;
  }

  /** What a process hears that owns no partition. */
  async function listen() {
    const connection = await openConnection();
    const live = openLiveLog(connection);
    const trouble = { failed: () => 0, succeeded: () => undefined };
    const bells = answerBells({ connection, partitionCount, reader, live, isOwner: () => false, trouble });
    stops.push(() => bells.stop());
    return live.listen;
  }

  async function publisher() {
    const connection = await openConnection();
    const watch = new StreamWatch({
      connection,
      manager: await jetstreamManager(connection),
      intervalMs: 100,
    });
    stops.push(() => watch.stop());
    return new TestPublisher({
      jetstream: jetstream(connection),
      watch,
      options: { ackTimeoutMs: 1_000, retryMaxMs: 200 },
    });
  }

  /** All events of the log, in order. */
  async function readAll(partition = 0): Promise<StoredEvent[]> {
    const through = await reader.watermark(partition);
    const all: StoredEvent[] = [];
    for (let at = 0; at < through; ) {
      const stretch = await reader.read(partition, at, through);
      all.push(...stretch.events);
      at = stretch.through;
    }
    return all;
  }

  return {
    mongo,
    collections,
    reader,
    openConnection,
    writer,
    listen,
    publisher,
    readAll,
    async [Symbol.asyncDispose]() {
      for (const stop of stops.reverse()) await stop();
      await Promise.all(connections.map((connection) => connection.close()));
      await mongo[Symbol.asyncDispose]();
    },
  };
}

async function watchReconnections(connection: NatsConnection, onReconnect: () => void): Promise<void> {
  for await (const status of connection.status()) if (status.type === 'reconnect') onReconnect();
}
