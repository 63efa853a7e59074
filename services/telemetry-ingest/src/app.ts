import { setTimeout as delay } from 'node:timers/promises';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { descriptorSet } from '@odograph/contracts/descriptors';
import { createPublisher } from '@odograph/event-log/publisher';
import { createStreamWatch } from '@odograph/event-log/stream-watch';
import { systemClock } from '@odograph/kernel/clock';
import { compose } from '@odograph/platform/compose';
import { createGrpcServer } from '@odograph/platform/grpc-server';
import type { Log } from '@odograph/platform/log';
import { createMetrics } from '@odograph/platform/metrics';
import { connectNats } from '@odograph/platform/nats';
import { started } from '@odograph/platform/part';
import type { IngestConfig } from './config.ts';
import { createDoor } from './door/door.ts';
import { observePublishing, observeQueue } from './publisher-metrics.ts';
import { startTicks } from './ticks.ts';

/** How much larger a message may be than its limit and still be told so in our words. */
const MESSAGE_HEADROOM = 4;

/** The door in. On the way down ticks end first, then calls, then what they left in the publisher. */
export function ingestApp(config: IngestConfig, log: Log) {
  return compose('telemetry-ingest')
    .part('metrics', [], async () => {
      const metrics = createMetrics('telemetry-ingest');
      const endpoint = await metrics.serve(config.metrics);
      return started({ ...metrics, port: endpoint.port }, { stop: () => endpoint.stop() });
    })
    .part('nats', [], async (_, signal) => {
      const nats = await connectNats({ ...config.nats, name: 'telemetry-ingest', log, signal });
      return started(nats, { stop: (leftMs) => nats.drain(leftMs / 2) });
    })
    .part('watch', ['nats'], async ({ nats: { connection, isConnected } }) => {
      const watch = createStreamWatch({
        connection,
        manager: await jetstreamManager(connection),
        isConnected,
        onTrouble: oncePerChange((err) => log.warn({ err }, 'a stream could not be looked at')),
        options: { fullRatio: config.room.fullPct / 100, minFreeDiskRatio: config.room.minFreeDiskPct / 100 },
      });
      return started(watch, { stop: () => watch.stop() });
    })
    .part('publisher', ['nats', 'watch', 'metrics'], ({ nats, watch, metrics }) => {
      const publisher = createPublisher({
        jetstream: jetstream(nats.connection),
        watch,
        options: config.publisher,
        observer: observePublishing(metrics.meter),
      });
      observeQueue(metrics.meter, publisher);
      const stop = (leftMs: number) =>
        Promise.race([publisher.drain(), delay(leftMs / 2, undefined, { ref: false })]);
      return started(publisher, { stop });
    })
    .part('grpc', ['publisher', 'metrics'], async ({ publisher, metrics: { meter } }) => {
      const { limits } = config;
      const server = await createGrpcServer({
        ...config.grpc,
        services: [createDoor({ events: publisher, clock: systemClock, limits, meter, log })],
        descriptorSet,
        maxMessageBytes: MESSAGE_HEADROOM * limits.maxBytes,
        defaultDeadlineMs: limits.batchDeadlineMs,
        log,
        meter,
      });
      return started(server, {
        start: () => server.setServing(true),
        stop: (leftMs) => server.stop(leftMs / 2),
      });
    })
    .part('ticks', ['publisher'], ({ publisher }) => {
      const ticks = startTicks({ publisher, clock: systemClock, log });
      return started(ticks, { stop: () => ticks.stop() });
    });
}

/** What stays wrong is looked at every second; it is told when it changes. */
function oncePerChange(tell: (error: unknown) => void): (error: unknown) => void {
  let told = '';
  return (error) => {
    if (String(error) === told) return;
    told = String(error);
    tell(error);
  };
}
