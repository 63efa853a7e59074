import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { createPublisher } from '@odograph/event-log/publisher';
import type { PublisherOptions } from '@odograph/event-log/publisher-options';
import { createStreamWatch, type StreamWatchOptions } from '@odograph/event-log/stream-watch';
import type { Meter } from '@opentelemetry/api';
import { createGrpcServer, type GrpcServerOptions } from '../grpc/server.ts';
import type { Logger } from '../logger.ts';
import { createMetrics } from '../metrics.ts';
import { connectMongo, type MongoOptions } from '../mongo.ts';
import { connectNats, type Nats, type NatsOptions } from '../nats.ts';
import { observePublishing, observeQueue } from '../publisher-metrics.ts';
import { started } from './app.ts';

// Parts that services share, each with its life, as in `.part('nats', (_, signal) => natsPart({ …, signal }))`.

/** What a stop may take of the time that is left: those behind it need some too. */
const share = (leftMs: number) => leftMs / 2;

export async function metricsPart(service: string, where: { readonly host: string; readonly port: number }) {
  const metrics = createMetrics(service);
  const endpoint = await metrics.serve(where);
  return started({ ...metrics, port: endpoint.port }, { stop: () => endpoint.stop() });
}

export async function mongoPart(options: MongoOptions, meter: Meter) {
  const mongo = await connectMongo(options, meter);
  return started(mongo, { stop: () => mongo.close() });
}

export async function natsPart(options: NatsOptions) {
  const nats = await connectNats(options);
  return started(nats, { stop: (leftMs) => nats.drain(share(leftMs)) });
}

export interface PublisherPart {
  readonly nats: Nats;
  readonly logger: Logger;
  readonly meter: Meter;
  readonly publisher?: Partial<PublisherOptions>;
  readonly watch?: Partial<StreamWatchOptions>;
}

/** A publisher with its watch on the streams; on the way down it puts on disk what it has taken. */
export async function publisherPart({ nats, logger, meter, ...options }: PublisherPart) {
  const { connection, isConnected } = nats;
  const watch = createStreamWatch({
    connection,
    manager: await jetstreamManager(connection),
    isConnected,
    onTrouble: (err) => logger.warn({ err }, 'the streams cannot be looked at'),
    onRecovery: () => logger.info({}, 'the streams can be looked at again'),
    ...(options.watch && { options: options.watch }),
  });
  const publisher = createPublisher({
    jetstream: jetstream(connection),
    watch,
    observer: observePublishing(meter),
    ...(options.publisher && { options: options.publisher }),
  });
  observeQueue(meter, publisher);
  const stop = async (leftMs: number) => {
    await publisher.drain(share(leftMs));
    watch.stop();
  };
  return started(publisher, { stop });
}

/** A gRPC server; health checks are told that it serves once it is made, and no more when it stops. */
export async function grpcPart(options: GrpcServerOptions) {
  const server = await createGrpcServer(options);
  return started(server, {
    start: () => server.setServing(true),
    stop: (leftMs) => server.stop(share(leftMs)),
  });
}
