import { Fault } from '@odograph/kernel/fault';
import type { Meter } from '@opentelemetry/api';
import { type Db, MongoClient, MongoError, MongoNetworkError, MongoServerSelectionError } from 'mongodb';
import { measureMongo } from './mongo-metrics.ts';

export interface MongoPool {
  readonly min: number;
  readonly max: number;
  /** How long an operation waits for a connection before it is refused. */
  readonly waitQueueTimeoutMs: number;
  /** A connection unused for this long is closed. */
  readonly idleMs: number;
}

export interface MongoOptions {
  readonly url: string;
  readonly database: string;
  /** Names the process in the server's logs. */
  readonly name?: string;
  readonly pool?: Partial<MongoPool>;
  /** How long an operation, or the start, waits for a server. */
  readonly serverSelectionTimeoutMs?: number;
}

export interface Mongo {
  readonly client: MongoClient;
  readonly db: Db;
  /**
   * What a driver's error means to a caller: OVERLOADED when no connection was free in time, UNAVAILABLE when the server
   * is away. Any other error stays as it is.
   */
  readonly asFault: (error: unknown) => unknown;
  close(): Promise<void>;
}

const DEFAULT_POOL: MongoPool = { min: 5, max: 30, waitQueueTimeoutMs: 2_000, idleMs: 3_600_000 };
const RETRY_AFTER_MS = 1_000;

/** Connects to MongoDB. What is acknowledged is on the disks of a majority; reads ask the primary and see only that. */
export async function connectMongo(options: MongoOptions, meter: Meter): Promise<Mongo> {
  const pool = { ...DEFAULT_POOL, ...options.pool };
  const client = new MongoClient(options.url, {
    appName: options.name ?? 'odograph',
    minPoolSize: pool.min,
    maxPoolSize: pool.max,
    waitQueueTimeoutMS: pool.waitQueueTimeoutMs,
    maxIdleTimeMS: pool.idleMs,
    serverSelectionTimeoutMS: options.serverSelectionTimeoutMs ?? 5_000,
    writeConcern: { w: 'majority', journal: true },
    readConcern: { level: 'majority' },
    readPreference: 'primary',
    // Absent is not null.
    ignoreUndefined: true,
    monitorCommands: true,
  });
  measureMongo(client, options.name ?? 'odograph', meter);
  const db = client.db(options.database);
  try {
    await db.command({ ping: 1 });
  } catch (error) {
    await client.close();
    throw asFault(error, client, pool);
  }
  return { client, db, asFault: (error) => asFault(error, client, pool), close: () => client.close() };
}

function asFault(error: unknown, client: MongoClient, { max, waitQueueTimeoutMs }: MongoPool): unknown {
  if (error instanceof MongoError && error.name === 'MongoWaitQueueTimeoutError') {
    const message = `all ${max} connections to MongoDB were busy for ${waitQueueTimeoutMs} ms`;
    const limit = `${max} connections`;
    return new Fault('OVERLOADED', message, { limit, retryAfterMs: RETRY_AFTER_MS, cause: error });
  }
  if (!isAway(error)) return error;
  const hosts = client.options.hosts.join(', ');
  const message = `MongoDB at ${hosts} does not answer: ${error.message}`;
  return new Fault('UNAVAILABLE', message, { retryAfterMs: RETRY_AFTER_MS, cause: error });
}

/** Whether the server could not be asked, or is about to hand over to another. */
function isAway(error: unknown): error is Error {
  if (error instanceof MongoServerSelectionError || error instanceof MongoNetworkError) return true;
  if (error instanceof MongoError) return error.hasErrorLabel('RetryableWriteError');
  return isSocketError(error);
}

/** The driver lets the error of a socket through, such as EPIPE, when a write meets the end of its connection. */
function isSocketError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(E[A-Z]+|ERR_(STREAM|SOCKET)_[A-Z_]+)$/.test(code);
}
