import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { HealthService } from '@odograph/contracts/generated/grpc/health/v1/health';
import { createTurns } from '../turns.ts';
import { createAnswerMemory } from './answer-memory.ts';
import { createBytesBesideCalls } from './bytes-beside-calls.ts';
import { createEndedConnections } from './ended-connections.ts';
import { blameCaller, correctDeadline, http2StreamOf } from './grpc-internals.ts';
import { endConnection, GuardedStream, type Owners, type StreamLimits } from './guarded-stream.ts';
import { createReadTurns } from './read-turns.ts';
import { createRequestMemory } from './request-memory.ts';
import { createResets } from './resets.ts';

export interface StreamGuardOptions extends StreamLimits {
  /** Memory for the calls and requests of all clients. */
  readonly maxUnfinishedBytes: number;
  /** How often it is checked how long messages and answers take. */
  readonly sweepMs: number;
}

export interface StreamGuard {
  readonly interceptor: ServerInterceptor;
  /** A connection was taken from the listener, and perhaps refused. */
  accepted(): void;
  /** A connection begins. */
  opened(session: ServerHttp2Session, socket: Socket): void;
  /** The handler of a stream of requests has this one, which no longer waits. */
  took(message: Uint8Array): void;
  stop(): void;
}

/** A client that keeps the server busy beside its calls is noticed in the turn after its bytes have come. */
const LOOK_MS = 100;
const HEALTH_PATH = `/${HealthService.check.path.split('/')[1]}/`;

/**
 * Bounds what callers make the server hold: by bytes their calls, the messages that they do not finish or that wait for a
 * handler, and the answers of streams that they do not take, and by time the messages that they do not finish and all answers.
 * grpc-js bounds only the length of one message.
 */
export function createStreamGuard(options: StreamGuardOptions): StreamGuard {
  const shared = {
    ...options,
    memory: createRequestMemory(options.maxUnfinishedBytes),
    answers: createAnswerMemory(options.maxAnswerBytes),
    inTurn: createTurns(),
    resets: createResets((client) =>
      options.logger.warn(
        { client },
        'connections are ended: their client resets calls as soon as it opens them',
      ),
    ),
  };
  const owners: Owners = new WeakMap();
  const open = new Set<GuardedStream>();
  const beside = createBytesBesideCalls((session, client) => {
    options.logger.warn(
      { client },
      'a connection was ended: its client sends very much beside its calls, such as WINDOW_UPDATE, or to unknown methods',
    );
    endConnection(session);
  });
  const ended = createEndedConnections();
  const turns = createReadTurns((client) =>
    options.logger.warn({ client }, 'a client sends very much: its connections are read one after the other'),
  );
  const sweep = setInterval(() => {
    const nowMs = performance.now();
    ended.sweep(nowMs);
    for (const each of open) each.sweep(nowMs);
  }, options.sweepMs).unref();
  const look = setInterval(() => beside.sweep(performance.now()), LOOK_MS).unref();
  return {
    interceptor: ({ requestStream, responseStream, path }, call) => {
      blameCaller(call);
      correctDeadline(call);
      // Answers of health are short, and are sent when no other one is.
      const mayWait = responseStream && !path.startsWith(HEALTH_PATH);
      const stream = new GuardedStream(call, { ...shared, owners, isUnary: !requestStream, mayWait });
      open.add(stream);
      beside.add(http2StreamOf(call));
      turns.add(http2StreamOf(call));
      stream.onClose(() => open.delete(stream));
      return new ServerInterceptingCall(call);
    },
    accepted: turns.accepted,
    opened(session, socket) {
      beside.open(session);
      ended.open(session, socket);
      turns.open(session, socket);
    },
    took: (message) => owners.get(message)?.took(message),
    stop() {
      clearInterval(sweep);
      clearInterval(look);
    },
  };
}
