import { jetstreamManager } from '@nats-io/jetstream';
import { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { PARTITION_COUNT_KEY, streamName, streamSubject } from '@odograph/event-log/nats-subjects';
import { startTestNats, type TestEngine } from '@odograph/testing/engines';
import { expect, onTestFinished, test } from 'vitest';
import { type Logger, silentLogger } from '../logger.ts';
import { createMetrics } from '../metrics.ts';
import { connectNats } from '../nats.ts';
import { compose } from './compose.ts';
import { natsPart, publisherPart } from './service-parts.ts';

const { meter } = createMetrics('test');

/** NATS and a publisher that looks at its streams all the time, and what they logged. */
async function startPublisher(nats: TestEngine) {
  const told: string[] = [];
  const tell = (_: object, message: string) => void told.push(message);
  const logger: Logger = { ...silentLogger, info: tell, warn: tell };
  const app = compose('test')
    .part('nats', (_, signal) => natsPart({ url: nats.url, name: 'test', logger: silentLogger, signal }))
    .part('publisher', (parts) =>
      publisherPart({ nats: parts.nats, logger, meter, watch: { intervalMs: 5 } }),
    )
    .build();
  const parts = await app.start();
  onTestFinished(() => app.stop(200));
  return { app, told, ...parts };
}

async function addStream(nats: TestEngine) {
  const { connection } = await connectNats({ url: nats.url, name: 'test', logger: silentLogger });
  const manager = await jetstreamManager(connection);
  const metadata = { [PARTITION_COUNT_KEY]: '1' };
  await manager.streams.add({ name: streamName(0), subjects: [streamSubject(0)], metadata });
  await connection.close();
}

test('what is wrong with the streams is told once, and so is that it is over', async () => {
  await using nats = await startTestNats();
  const { told, publisher } = await startPublisher(nats);
  await expect.poll(() => told).toEqual(['the streams cannot be looked at']);
  await addStream(nats);
  await expect.poll(() => publisher.partitionCount()).toBe(1);
  expect(told).toEqual(['the streams cannot be looked at', 'the streams can be looked at again']);
});

test('a stop waits for what is not confirmed, but not beyond its time', async () => {
  await using nats = await startTestNats();
  const { app, publisher } = await startPublisher(nats);
  await addStream(nats);
  await expect.poll(() => publisher.partitionCount()).toBe(1);
  await nats.kill9();
  const event = Event.create({ type: 'TelemetryReported', subject: 'a', reportId: '1' });
  const lost = expect(publisher.append([event], Date.now() + 2_000)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  });
  await app.stop(200);
  expect(app.state).toBe('stopped');
  await lost;
});

test('an app that is told to stop while NATS is away does not wait for it', async () => {
  const app = compose('test')
    .part('nats', (_, signal) =>
      natsPart({ url: 'nats://127.0.0.1:1', name: 'test', logger: silentLogger, signal }),
    )
    .build();
  const starting = expect(app.start()).rejects.toThrow('stopped before nats started');
  await app.stop(200);
  await starting;
});
