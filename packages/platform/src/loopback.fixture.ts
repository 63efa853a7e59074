import { Channel } from '@odograph/client/call';
import {
  EventLogService,
  type ReadRequest,
  type ReadResponse,
  type SubscribeRequest,
  type SubscribeResponse,
} from '@odograph/contracts/generated/odograph/history/v1/event_log';
import {
  type ConnectRequest,
  type ConnectResponse,
  type ReportRequest,
  type ReportResponse,
  TelemetryIngestService,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { onTestFinished } from 'vitest';
import {
  type BidiHandler,
  bidi,
  grpcService,
  type ServerStreamHandler,
  serverStream,
  type UnaryHandler,
  unary,
} from './grpc/handler.ts';
import { createGrpcServer, type GrpcServer, type GrpcServerOptions } from './grpc/server.ts';
import { type Logger, silentLogger } from './logger.ts';

export interface Handlers {
  readonly report?: UnaryHandler<ReportRequest, ReportResponse>;
  readonly connect?: BidiHandler<ConnectRequest, ConnectResponse>;
  readonly read?: ServerStreamHandler<ReadRequest, ReadResponse>;
  readonly subscribe?: ServerStreamHandler<SubscribeRequest, SubscribeResponse>;
}

export interface Loopback {
  readonly server: GrpcServer;
  readonly endpoint: string;
  readonly channel: Channel;
  /** What the server logged as errors. */
  readonly errors: object[];
}

const notAsked = (): never => {
  throw new TypeError('the test has no handler for this method');
};

/** A real server on loopback with one method of each kind, and a channel to it, until the test is over. */
export async function loopback(
  handlers: Handlers,
  options: Partial<GrpcServerOptions> = {},
): Promise<Loopback> {
  const errors: object[] = [];
  const logger: Logger = { ...silentLogger, error: (fields) => errors.push(fields) };
  const { report = notAsked, connect = notAsked, read = notAsked, subscribe = notAsked } = handlers;
  const services = [
    grpcService(TelemetryIngestService, {
      report: unary(report),
      connect: bidi(connect),
      describe: unary(notAsked),
    }),
    grpcService(EventLogService, {
      describe: unary(notAsked),
      read: serverStream(read),
      subscribe: serverStream(subscribe, { stays: true }),
      setAsideMessage: unary(notAsked),
    }),
  ];
  const server = await createGrpcServer({ services, logger, ...options });
  const endpoint = `127.0.0.1:${server.port}`;
  const channel = new Channel(endpoint);
  onTestFinished(async () => {
    channel.close();
    await server.stop(0);
  });
  return { server, endpoint, channel, errors };
}
