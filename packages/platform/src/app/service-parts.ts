import type { Meter } from '@opentelemetry/api';
import { createGrpcServer, type GrpcServerOptions } from '../grpc/server.ts';
import { createMetrics } from '../metrics.ts';
import { connectMongo, type MongoOptions } from '../mongo.ts';
import { connectNats, type NatsOptions } from '../nats.ts';
import { Trouble } from '../trouble.ts';
import { started } from './app.ts';

// The parts that services share, each with its life: `.part('nats', (_, signal) => natsPart({ …, signal }))`.

/** The time that one part may take to stop. The parts before it need the rest. */
const share = (leftMs: number) => leftMs / 2;

/** Metrics with their endpoint for scrapes. */
export async function metricsPart(
  service: string,
  address: { readonly host: string; readonly port: number },
) {
  const metrics = createMetrics(service);
  const endpoint = await metrics.serve(address);
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

interface GrpcPartOptions extends GrpcServerOptions {
  /** Why the services are of no use now; undefined if they are. Asked every second. */
  readonly notReadyBecause: () => string | undefined;
}

const ASK_READY_EVERY_MS = 1_000;

/**
 * A gRPC server. Health checks of the server ('') answer SERVING from the start of the part until it stops, and those of a
 * service by its name while it is ready besides.
 */
export async function grpcPart({ notReadyBecause, ...options }: GrpcPartOptions) {
  const server = await createGrpcServer(options);
  const trouble = new Trouble({ logger: options.logger, message: 'the service is not ready' });
  const ask = () => {
    const reason = notReadyBecause();
    if (reason === undefined) trouble.succeeded();
    else trouble.failed(reason);
    server.setReady(reason === undefined);
  };
  const asking = setInterval(ask, ASK_READY_EVERY_MS).unref();
  return started(server, {
    start() {
      // This is not trouble yet: a service that has just started may have to read first.
      server.setReady(notReadyBecause() === undefined);
      server.setServing(true);
    },
    stop(leftMs) {
      clearInterval(asking);
      return server.stop(share(leftMs));
    },
  });
}
