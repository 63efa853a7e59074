import { setTimeout as delay } from 'node:timers/promises';
import {
  connect,
  errors,
  type NatsConnection,
  type NodeConnectionOptions,
  type Status,
} from '@nats-io/transport-node';
import { backoffMs } from '@odograph/kernel/backoff';
import { pause } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import { maskPassword } from './config/setting.ts';
import type { Logger } from './logger.ts';
import { type NatsAddress, natsOptions } from './nats-options.ts';

export interface NatsOptions extends NatsAddress {
  /** Names the connection in the lists of the server. */
  readonly name: string;
  readonly logger: Logger;
  /** How long the start waits for a server. A later loss of the connection is waited for without limit. Default: 5 s. */
  readonly connectWithinMs?: number;
  /** Whether subscriptions of this connection receive what it publishes itself. Default: true. */
  readonly isEchoing?: boolean;
  /** Ends the wait at the start. */
  readonly signal?: AbortSignal;
}

export interface Nats {
  readonly connection: NatsConnection;
  /** Check this before publishing: the client keeps messages in memory without limit while the server is away. */
  isConnected(): boolean;
  /** Calls the listener after each reconnection, until the returned function is called. */
  onReconnect(listener: () => void): () => void;
  /** Sends what was published, then closes. When the time is over, it closes at once. */
  drain(withinMs: number): Promise<void>;
}

const RECONNECT_WAIT_MS = 200;

/** Connects to NATS, and reconnects after each loss without limit. */
export async function connectNats(options: NatsOptions): Promise<Nats> {
  const { logger } = options;
  const connection = await connectFirst(options);
  const listeners = new Set<() => void>();
  let isConnected = true;
  const watch = async () => {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') isConnected = false;
      if (status.type === 'reconnect') {
        isConnected = true;
        for (const listener of listeners) listener();
      }
      logStatus(status, logger);
    }
    isConnected = false;
  };
  watch().catch((err: unknown) => logger.error({ err }, 'the watch on NATS failed'));

  const onReconnect = (listener: () => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  const drain = async (withinMs: number) => {
    if (connection.isClosed()) return;
    try {
      if (isConnected) await Promise.race([connection.drain(), delay(withinMs, undefined, { ref: false })]);
    } finally {
      await connection.close();
    }
  };
  return { connection, isConnected: () => isConnected, onReconnect, drain };
}

async function connectFirst(options: NatsOptions): Promise<NatsConnection> {
  const { url, name, isEchoing = true, connectWithinMs = 5_000, signal } = options;
  const address = natsOptions(options);
  const deadlineAtMs = Date.now() + connectWithinMs;
  for (let repetition = 0; ; repetition += 1) {
    try {
      return await connectOnce(address, name, isEchoing);
    } catch (cause) {
      // A random part of the backoff, so that many processes do not retry at the same time.
      const waitMs = Math.random() * backoffMs(repetition, { firstMs: RECONNECT_WAIT_MS, maxMs: 2_000 });
      const mayRetry = !isRefused(cause) && Date.now() + waitMs < deadlineAtMs;
      if (mayRetry) await pause(waitMs, signal);
      if (mayRetry && !signal?.aborted) continue;
      throw faultOf(cause, url);
    }
  }
}

const isRefused = (error: unknown) => error instanceof errors.AuthorizationError;

function faultOf(cause: unknown, url: string): Fault {
  const [server, why] = [
    `NATS at ${maskPassword(url)}`,
    cause instanceof Error ? cause.message : String(cause),
  ];
  if (!isRefused(cause)) return new Fault('UNAVAILABLE', `${server} does not answer: ${why}`, { cause });
  const wayOut = 'correct ODO_NATS_URL or ODO_NATS_CREDENTIALS_FILE';
  return new Fault('INVALID_INPUT', `${server} refuses the login (${why}): ${wayOut}`, { cause });
}

function connectOnce(
  address: NodeConnectionOptions,
  name: string,
  isEchoing: boolean,
): Promise<NatsConnection> {
  return connect({
    ...address,
    name,
    noEcho: !isEchoing,
    timeout: 5_000,
    maxReconnectAttempts: -1,
    // A password may be changed on the server first.
    ignoreAuthErrorAbort: true,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    reconnectJitter: RECONNECT_WAIT_MS,
    // Detects within 30 s that a server is gone without closing the connection. The default is 6 minutes.
    pingInterval: 10_000,
    maxPingOut: 2,
    // Off because the client captures a stack trace for each publish: 1 % of the CPU of telemetry-ingest.
    noAsyncTraces: true,
  });
}

function logStatus(status: Status, logger: Logger): void {
  if (status.type === 'ping' || status.type === 'reconnecting' || status.type === 'update') return;
  const isBad = status.type !== 'reconnect' && status.type !== 'close';
  const error = 'error' in status ? { err: status.error } : {};
  logger[isBad ? 'warn' : 'info']({ status: status.type, ...error }, 'NATS connection');
}
