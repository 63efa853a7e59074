import { setTimeout as delay } from 'node:timers/promises';
import { connect, type NatsConnection, type Status } from '@nats-io/transport-node';
import { Fault } from '@odograph/kernel/fault';
import { retry } from './backoff.ts';
import type { Log } from './log.ts';
import { maskPassword } from './setting.ts';

export interface NatsOptions {
  readonly url: string;
  /** Names the connection in the server's lists. */
  readonly name: string;
  readonly log: Log;
  /** How long the start waits for a server; later losses are waited out without end. */
  readonly connectWithinMs?: number;
  /** Ends that wait. */
  readonly signal?: AbortSignal;
}

export interface Nats {
  readonly connection: NatsConnection;
  isConnected(): boolean;
  /** Throws UNAVAILABLE while the server is away. What is published meanwhile would wait in memory without a bound. */
  assertConnected(): void;
  /** Hears each return of the server after it was away, until the returned function is called. */
  onReconnect(listener: () => void): () => void;
  /** Sends what is on its way, then closes; closes without that when the time is over. */
  drain(withinMs: number): Promise<void>;
}

const RECONNECT_WAIT_MS = 200;
const RETRY_AFTER_MS = 1_000;

/** Connects to NATS, and connects again after each loss, for as long as it takes. */
export async function connectNats(options: NatsOptions): Promise<Nats> {
  const { log } = options;
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
      tell(status, log);
    }
    isConnected = false;
  };
  watch().catch((err: unknown) => log.error({ err }, 'the watch on NATS failed'));

  const assertConnected = () => {
    if (isConnected) return;
    throw new Fault('UNAVAILABLE', `NATS at ${connection.getServer()} is away`, {
      retryAfterMs: RETRY_AFTER_MS,
    });
  };
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
  return { connection, isConnected: () => isConnected, assertConnected, onReconnect, drain };
}

async function connectFirst(options: NatsOptions): Promise<NatsConnection> {
  const { url, name, connectWithinMs = 30_000, signal } = options;
  const connectOnce = () =>
    connect({
      servers: url,
      name,
      timeout: 5_000,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_WAIT_MS,
      reconnectJitter: RECONNECT_WAIT_MS,
      // A server that vanished without a word is noticed within 30 s, not 6 minutes.
      pingInterval: 10_000,
      maxPingOut: 2,
    });
  try {
    return await retry(connectOnce, {
      ...{ firstMs: RECONNECT_WAIT_MS, maxMs: 2_000, deadlineAtMs: Date.now() + connectWithinMs },
      isWorthRetrying: () => true,
      ...(signal && { signal }),
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('UNAVAILABLE', `NATS at ${maskPassword(url)} does not answer: ${why}`, { cause });
  }
}

function tell(status: Status, log: Log): void {
  if (status.type === 'ping' || status.type === 'reconnecting' || status.type === 'update') return;
  const isBad = status.type !== 'reconnect' && status.type !== 'close';
  const error = 'error' in status ? { err: status.error } : {};
  log[isBad ? 'warn' : 'info']({ status: status.type, ...error }, 'NATS connection');
}
