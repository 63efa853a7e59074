import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  logVerbosity,
  type MethodDefinition,
  Server,
  ServerCredentials,
  setLogVerbosity,
  status,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import { pause } from '@odograph/kernel/clock';
import { Fault, invariant } from '@odograph/kernel/fault';
import type { Meter } from '@opentelemetry/api';
import type { Logger } from '../logger.ts';
import { latencyHistogram } from '../metrics.ts';
import { createAdmission } from './admission.ts';
import { answerBidi, answerServerStream, answerUnary } from './answer.ts';
import type { CallScope, OpenCall } from './call.ts';
import type { RequestDecoder } from './decode.ts';
import { onSession } from './grpc-internals.ts';
import { type GrpcService, type Method, serviceName } from './handler.ts';
import { createHealth } from './health.ts';
import { listen } from './listener.ts';
import { createOneATurn } from './one-a-turn.ts';
import { reflectionServices } from './reflection.ts';
import { createRequestHeaders } from './request-headers.ts';
import { createStreamGuard } from './stream-guard.ts';

export interface GrpcServerOptions {
  readonly host?: string;
  /** 0 takes a free port. */
  readonly port?: number;
  readonly services: readonly GrpcService[];
  /** A larger message is refused with RESOURCE_EXHAUSTED. */
  readonly maxMessageBytes?: number;
  /** For calls whose caller sets no deadline. Streams that stay have none. */
  readonly defaultDeadlineMs?: number;
  /** Converts an error of a handler, for example of MongoDB, to a Fault. An error that is not a Fault is INTERNAL. */
  readonly toFault?: (error: unknown) => unknown;
  readonly limits?: Partial<CallLimits>;
  readonly logger: Logger;
  readonly meter?: Meter;
}

/** How much callers may have under way. */
export interface CallLimits {
  /** Connections of one client; four times as many of all clients. */
  readonly maxConnections: number;
  /** Calls with one answer at the same time, until it is taken, for one client; four times as many for all. */
  readonly maxCalls: number;
  /** Calls of one client that wait for their turn. */
  readonly maxWaitingCalls: number;
  /** Memory for calls and their requests, of all clients. */
  readonly maxUnfinishedBytes: number;
  /** Memory for the answers of streams that wait for their clients, of all clients. */
  readonly maxAnswerBytes: number;
  /** How long a request may take to arrive. */
  readonly finishMs: number;
  /** How long an answer may wait for memory. */
  readonly roomMs: number;
  /** How long a message may wait for a client to take it. */
  readonly takeMs: number;
  /** How often it is checked how long these take. */
  readonly sweepMs: number;
}

export interface GrpcServer {
  readonly port: number;
  /** How many calls are open. */
  readonly openCalls: number;
  /** Sets the answer to health checks. It is NOT_SERVING at first. */
  setServing(isServing: boolean): void;
  /** Sets whether its services are ready: if not, health checks of their names answer NOT_SERVING. They are at first. */
  setReady(isReady: boolean): void;
  /** Ends streams, lets unary calls finish, and aborts the rest when the time is over. */
  stop(deadlineMs: number): Promise<void>;
}

const MEBIBYTE = 1024 * 1024;
export const DEFAULT_DEADLINE_MS = 30_000;
/** Calls at a time on one connection. Further calls wait at the client. */
export const MAX_STREAMS = 128;
/** How often a client is pinged, and how long it may take to answer: it may be gone without having closed the connection. */
export const PINGS = { everyMs: 20_000, answerMs: 10_000 };
export const DEFAULT_LIMITS: CallLimits = {
  maxConnections: 1_000,
  maxCalls: 64,
  maxWaitingCalls: 1_000,
  // The inputs of `make fuzz` fill both and take ingest to 400 MiB, of which the allocator keeps 100 to 200 that were freed.
  maxUnfinishedBytes: 96 * MEBIBYTE,
  maxAnswerBytes: 96 * MEBIBYTE,
  finishMs: 30_000,
  roomMs: 30_000,
  takeMs: 120_000,
  sweepMs: 1_000,
};
// grpc-js logs whole headers as the caller sent them, as often as he sends them, with what they do to a terminal.
setLogVerbosity(logVerbosity.NONE);
/** How long connections stay open after calls were aborted, so that the answers are still sent. */
const LAST_ANSWERS_MS = 50;

/** A gRPC server with health and reflection. It listens when the promise resolves, by default on loopback. */
export async function createGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { services, logger, host = '127.0.0.1', port: wantedPort = 0 } = options;
  const open = new Set<OpenCall>();
  const defaultDeadlineMs = options.defaultDeadlineMs ?? DEFAULT_DEADLINE_MS;
  const toFault = options.toFault ?? ((error: unknown) => error);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const admission = createAdmission({
    perClient: limits.maxCalls,
    inAll: 4 * limits.maxCalls,
    waitingPerClient: limits.maxWaitingCalls,
  });
  const requestHeaders = createRequestHeaders(logger);
  const guard = createStreamGuard({ ...limits, logger, headerBytesOf: requestHeaders.bytesOf });
  const { interceptor, took } = guard;
  const scope = {
    ...{ logger, open, admission, took, defaultDeadlineMs, toFault },
    onEnd: callRecorder(options.meter),
  };
  const names = services.map(serviceName);
  const oneATurn = createOneATurn();
  const health = createHealth(names, oneATurn);
  const reflection = reflectionServices([...names, serviceName(health.service)], oneATurn);
  const server = new Server({ ...channelOptions(options), interceptors: [interceptor] });
  for (const service of services) addService(server, service, scope);
  for (const service of [health.service, ...reflection])
    addService(server, service, { ...scope, admission: oneATurn });
  const connections = server.createConnectionInjector(ServerCredentials.createInsecure());
  requestHeaders.guard(server);
  let incoming: Socket | undefined;
  onSession(server, (session) => {
    invariant(incoming, 'grpc-js opens the session of a connection in the turn in which it gets it');
    guard.opened(session, incoming);
  });
  const listener = await listen({
    ...{ host, port: wantedPort, maxConnections: limits.maxConnections, logger },
    onAccept: guard.accepted,
    onConnection(socket) {
      incoming = socket;
      connections.injectConnection(socket);
    },
  });
  const { port } = listener;
  logger.info({ host, port, services: names }, 'gRPC server listens');

  const stop = async (deadlineMs: number) => {
    const reason = new Fault('UNAVAILABLE', 'the server is shutting down', { retryAfterMs: 1_000 });
    const allEnded = listener.stop();
    health.setServing(false);
    // Watches of the health tell it before they end.
    await nextTurn();
    for (const call of open) call.stop(reason);
    server.tryShutdown(() => undefined);
    if (!(await endsWithin(allEnded, deadlineMs))) {
      logger.warn({ calls: open.size }, 'gRPC calls were cut off at the end of the drain');
      for (const call of open) call.abort(reason);
      await pause(LAST_ANSWERS_MS);
      listener.destroy();
    }
    guard.stop();
  };
  return {
    port,
    get openCalls() {
      return open.size;
    },
    setServing: health.setServing,
    setReady: health.setReady,
    stop,
  };
}

function channelOptions({ maxMessageBytes = MEBIBYTE }: GrpcServerOptions) {
  return {
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_concurrent_streams': MAX_STREAMS,
    'grpc.keepalive_time_ms': PINGS.everyMs,
    'grpc.keepalive_timeout_ms': PINGS.answerMs,
    'grpc.enable_channelz': 0,
  };
}

function addService(server: Server, { definition, implementation }: GrpcService, scope: CallScope): void {
  const methods: Record<string, MethodDefinition<unknown, unknown>> = {};
  const handlers: Record<string, UntypedHandleCall> = {};
  for (const [name, method] of Object.entries(definition)) {
    const handler = implementation[name];
    if (!handler) throw new Fault('INTERNAL', `${method.path} has no implementation`);
    methods[name] = withOwnCodec(method, scope.logger);
    handlers[name] = answer(handler, method, scope);
  }
  server.addService(methods, handlers);
}

function answer(
  method: Method<never, unknown>,
  decoder: RequestDecoder,
  scope: CallScope,
): UntypedHandleCall {
  if (method.kind === 'unary') return answerUnary(method, decoder, scope);
  if (method.kind === 'serverStream') return answerServerStream(method, decoder, scope);
  return answerBidi(method, decoder, scope);
}

/**
 * Requests stay bytes until the work on them begins: grpc-js answers INTERNAL to bytes that it cannot decode, although the
 * caller made the mistake. It does not log encoding errors either.
 */
function withOwnCodec(
  method: MethodDefinition<unknown, unknown>,
  logger: Logger,
): MethodDefinition<unknown, unknown> {
  return {
    ...method,
    requestDeserialize: (bytes) => bytes,
    responseSerialize: (response) => {
      try {
        return method.responseSerialize(response);
      } catch (err) {
        logger.error({ err, method: method.path }, 'an answer could not be encoded');
        throw err;
      }
    },
  };
}

async function endsWithin(work: Promise<void>, ms: number): Promise<boolean> {
  const timeout = new AbortController();
  const late = pause(ms, timeout.signal).then(() => false);
  const hasEnded = await Promise.race([work.then(() => true), late]);
  timeout.abort();
  return hasEnded;
}

function callRecorder(meter: Meter | undefined): CallScope['onEnd'] {
  const duration = meter && latencyHistogram(meter, 'rpc.server.call.duration', 'How long calls took.');
  return (path, code, durationMs) =>
    duration?.record(durationMs / 1_000, {
      'rpc.system.name': 'grpc',
      'rpc.method': path.slice(1),
      'rpc.status_code': status[code],
    });
}
