import { setTimeout as delay } from 'node:timers/promises';
import { connect, type NatsConnection, type Status } from '@nats-io/transport-node';
import { backoffMs } from '@odograph/kernel/backoff';
import { pause } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import { maskPassword } from './config/setting.ts';
import type { Logger } from './logger.ts';

export interface NatsOptions {
  readonly url: string;
  /** Names the connection in the server's lists. */
  readonly name: string;
  readonly logger: Logger;
  /** How long the start waits for a server; later losses are waited out without end. */
  readonly connectWithinMs?: number;
  /** Whether the connection gets what it publishes itself, where it subscribes to that. Default: it does. */
  readonly isEchoing?: boolean;
  /** Ends that wait. */
  readonly signal?: AbortSignal;
}

export interface Nats {
  readonly connection: NatsConnection;
  /** What is published while the server is away would wait in memory without a bound. */
  isConnected(): boolean;
  /** Hears each return of the server after it was away, until the returned function is called. */
  onReconnect(listener: () => void): () => void;
  /** Sends what is on its way, then closes; closes without that when the time is over. */
  drain(withinMs: number): Promise<void>;
}

const RECONNECT_WAIT_MS = 200;

/** Connects to NATS, and connects again after each loss, for as long as it takes. */
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
      tell(status, logger);
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

async function connectFirst({
  url,
  name,
  isEchoing = true,
  connectWithinMs = 30_000,
  signal,
}: NatsOptions): Promise<NatsConnection> {
  const deadlineAtMs = Date.now() + connectWithinMs;
  for (let repetition = 0; ; repetition += 1) {
    try {
      return await connectOnce(url, name, isEchoing);
    } catch (cause) {
      // Anywhere within the backoff, so that many who failed together do not come back together.
      const waitMs = Math.random() * backoffMs(repetition, { firstMs: RECONNECT_WAIT_MS, maxMs: 2_000 });
      const isInTime = Date.now() + waitMs < deadlineAtMs;
      if (isInTime) await pause(waitMs, signal);
      if (isInTime && !signal?.aborted) continue;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Fault('UNAVAILABLE', `NATS at ${maskPassword(url)} does not answer: ${why}`, { cause });
    }
  }
}

function connectOnce(url: string, name: string, isEchoing: boolean): Promise<NatsConnection> {
  return connect({
    servers: url,
    name,
    noEcho: !isEchoing,
    timeout: 5_000,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    reconnectJitter: RECONNECT_WAIT_MS,
    // A server that vanished without a word is noticed within 30 s, not 6 minutes.
    pingInterval: 10_000,
    maxPingOut: 2,
    // A trace taken for each publish, to be thrown away with its acknowledgement: 1 % of the door.
    noAsyncTraces: true,
  });
}

function tell(status: Status, logger: Logger): void {
  if (status.type === 'ping' || status.type === 'reconnecting' || status.type === 'update') return;
  const isBad = status.type !== 'reconnect' && status.type !== 'close';
  const error = 'error' in status ? { err: status.error } : {};
  logger[isBad ? 'warn' : 'info']({ status: status.type, ...error }, 'NATS connection');
}
