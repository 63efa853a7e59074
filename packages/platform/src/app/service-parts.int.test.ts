import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { jetstreamManager } from '@nats-io/jetstream';
import { Channel, callUnary } from '@odograph/client/call';
import {
  HealthService,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '@odograph/contracts/generated/grpc/health/v1/health';
import { CachedHistoryService } from '@odograph/contracts/generated/odograph/cache/v1/cached_history';
import { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { PARTITION_COUNT_KEY, streamName, streamSubject } from '@odograph/event-log/nats-subjects';
import { startTestNats, type TestEngine } from '@odograph/testing/engines';
import { expect, onTestFinished, test } from 'vitest';
import { grpcService, unary } from '../grpc/handler.ts';
import { type Logger, silentLogger } from '../logger.ts';
import { createMetrics } from '../metrics.ts';
import { connectNats } from '../nats.ts';
import { compose } from './compose.ts';
import { publisherPart } from './publisher-part.ts';
import { grpcPart, metricsPart, natsPart } from './service-parts.ts';

const { meter } = createMetrics('test');
const PUBLISHER = { publisher: { envelopeEvents: 2_000, ackTimeoutMs: 5_000 } };

/** A connection to NATS, a publisher, and the messages that they logged. */
async function startPublisher(nats: TestEngine) {
  const logged: string[] = [];
  const log = (_: object, message: string) => void logged.push(message);
  const logger: Logger = { ...silentLogger, info: log, warn: log };
  const app = compose('test')
    .part('nats', (_, signal) => natsPart({ url: nats.url, name: 'test', logger: silentLogger, signal }))
    .part('publisher', (parts) => publisherPart({ ...PUBLISHER, nats: parts.nats, logger, meter }))
    .build();
  const parts = await app.start();
  onTestFinished(() => app.stop(200));
  return { app, logged, ...parts };
}

async function addStream(nats: TestEngine) {
  const { connection } = await connectNats({ url: nats.url, name: 'test', logger: silentLogger });
  const manager = await jetstreamManager(connection);
  const metadata = { [PARTITION_COUNT_KEY]: '1' };
  await manager.streams.add({ name: streamName(0), subjects: [streamSubject(0)], metadata });
  await connection.close();
}

test('trouble with the streams is logged once, and so is its end', async () => {
  await using nats = await startTestNats();
  const { logged, publisher } = await startPublisher(nats);
  await expect.poll(() => logged).toEqual(['the streams cannot be looked at']);
  await addStream(nats);
  await expect.poll(() => publisher.partitionCount(), { timeout: 5_000 }).toBe(1);
  expect(logged).toEqual(['the streams cannot be looked at', 'it succeeds again']);
});

test('a stop waits for unconfirmed events, but not longer than its time', async () => {
  await using nats = await startTestNats();
  const { app, publisher } = await startPublisher(nats);
  await addStream(nats);
  await expect.poll(() => publisher.partitionCount(), { timeout: 5_000 }).toBe(1);
  await nats.kill9();
  const event = Event.create({ type: 'TelemetryReported', subject: 'a', reportId: '1' });
  const lost = expect(
    publisher.appendAll([[event]], { deadlineAtMs: Date.now() + 2_000 }),
  ).resolves.toMatchObject([{ code: 'UNAVAILABLE' }]);
  await app.stop(200);
  expect(app.state).toBe('stopped');
  await lost;
});

test('an app that is told to stop while NATS is away does not wait for NATS', async () => {
  const app = compose('test')
    .part('nats', (_, signal) =>
      natsPart({ url: 'nats://127.0.0.1:1', name: 'test', logger: silentLogger, signal }),
    )
    .build();
  const starting = expect(app.start()).rejects.toThrow('stopped before nats started');
  await app.stop(200);
  await starting;
});

test('a service that is not ready when it starts does not say that it is', async () => {
  const reading = grpcService(CachedHistoryService, {
    listSamples: unary(unused),
    getSeries: unary(unused),
    getVehicle: unary(unused),
  });
  const notReadyBecause = () => 'it reads';
  const app = compose('test')
    .part('grpc', () => grpcPart({ port: 0, services: [reading], notReadyBecause, logger: silentLogger }))
    .build();
  const { grpc } = await app.start();
  const channel = new Channel(`127.0.0.1:${grpc.port}`);
  onTestFinished(async () => {
    channel.close();
    await app.stop(200);
  });
  const { statuses } = await callUnary(channel, HealthService.list, {});
  expect(statuses).toEqual({
    '': { status: ServingStatus.SERVING },
    'odograph.cache.v1.CachedHistory': { status: ServingStatus.NOT_SERVING },
  });
});

const unused = (): never => {
  throw new TypeError('the test does not call it');
};

test.each([
  [
    'ODO_GRPC_PORT',
    (port: number) =>
      grpcPart({ port, services: [], notReadyBecause: () => undefined, logger: silentLogger }),
  ],
  ['ODO_METRICS_PORT', (port: number) => metricsPart('test', { host: '127.0.0.1', port })],
])('a port that is taken is a refusal that names %s', async (setting, listen) => {
  const other = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const message = `cannot listen on 127.0.0.1:${port}: listen EADDRINUSE: address already in use 127.0.0.1:${port}: stop what uses that port, or set ${setting}`;
  await expect(listen(port)).rejects.toMatchObject({
    code: 'RULE_VIOLATED',
    message: expect.stringContaining(message),
  });
});
