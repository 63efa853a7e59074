import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { createClient } from '@odograph/client';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { TestPublisher } from '@odograph/event-log/publisher.fixture';
import { StreamWatch } from '@odograph/event-log/stream-watch';
import { readConfig } from '@odograph/platform/config/config';
import { silentLogger } from '@odograph/platform/logger';
import { natsOptions } from '@odograph/platform/nats-options';
import { startTestNats, testMongo } from '@odograph/testing/engines';
import { eventually } from '@odograph/testing/eventually';
import { expect } from 'vitest';
import { historyApp } from './app.ts';
import { settings } from './config.ts';

/** The whole service on real engines, its client, and a publisher in place of ingest. */
export async function openTestHistory() {
  const nats = await startTestNats();
  const mongo = await testMongo();
  const env = {
    ODO_NATS_URL: nats.url,
    ODO_MONGO_URL: mongo.url,
    ODO_MONGO_DATABASE: mongo.databaseName,
    ODO_HISTORY_FLUSH_MS: '50',
  };
  const app = historyApp(readConfig(settings, env), silentLogger).build();
  const { grpc } = await app.start();
  const connection = await connect(natsOptions(nats));
  const watch = new StreamWatch({ connection, manager: await jetstreamManager(connection), intervalMs: 100 });
  const publisher = new TestPublisher({ jetstream: jetstream(connection), watch });
  await eventually(() => expect(publisher.partitionCount()).toBe(2));
  const client = createClient({ history: `127.0.0.1:${grpc.port}`, maxAttempts: 1 });
  return {
    client,
    database: mongo.db,
    append: (event: Event) => publisher.append([event], Date.now() + 10_000),
    async stop() {
      client.close();
      await app.stop(10_000);
      watch.stop();
      await connection.close();
      await mongo[Symbol.asyncDispose]();
      await nats[Symbol.asyncDispose]();
    },
  };
}
