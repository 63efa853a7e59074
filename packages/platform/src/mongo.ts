import { Fault } from '@odograph/kernel/fault';
import type { Meter } from '@opentelemetry/api';
import { type Db, MongoClient, MongoError, MongoNetworkError, MongoServerSelectionError } from 'mongodb';
import { maskPassword } from './config/setting.ts';
import { measureMongo } from './mongo-metrics.ts';

export interface MongoOptions {
  readonly url: string;
  readonly database: string;
  /** Names the connections in the server's logs and in the metrics. */
  readonly name: string;
  readonly pool: MongoPool;
  /** How long an operation, or the start, waits for a server. */
  readonly serverWaitMs: number;
  /**
   * How long an operation that was sent waits for its answer. Then it fails as UNAVAILABLE, and a read is not sent again.
   * If left out: 40 s, and a read is sent once more.
   */
  readonly answerWaitMs?: number | undefined;
}

interface MongoPool {
  /** Connections that stay open. */
  readonly min: number;
  readonly max: number;
  /** How long an operation waits for a free connection. Then it fails as OVERLOADED. */
  readonly waitMs: number;
}

export interface Mongo {
  readonly client: MongoClient;
  readonly db: Db;
  /**
   * Converts an error of the driver: OVERLOADED if no connection was free in time, UNAVAILABLE if the server is away or
   * refuses the login, whose password may have changed.
   * Returns any other error unchanged.
   */
  readonly asFault: (error: unknown) => unknown;
  close(): Promise<void>;
}

/** An unused connection above the minimum closes after this time. */
const MAX_IDLE_MS = 3_600_000;
const RETRY_AFTER_MS = 1_000;
/** Without a limit a connection that was cut silently is waited on for minutes. */
const ANSWER_WAIT_MS = 40_000;

/** Connects to MongoDB. Acknowledged writes are on the disks of a majority; reads go to the primary and see only such writes. */
export async function connectMongo(options: MongoOptions, meter: Meter): Promise<Mongo> {
  const { name, pool } = options;
  const client = clientOf(options);
  measureMongo(client, name, meter);
  const poolState = watchPool(client, pool);
  const toFault = (error: unknown) => asFault(error, client, { ...pool, ...poolState() });
  const db = client.db(options.database);
  try {
    await db.command({ ping: 1 });
    await mayRead(db);
  } catch (error) {
    await client.close();
    throw refusedLogin(error, options.url) ?? toFault(error);
  }
  return { client, db, asFault: toFault, close: () => client.close() };
}

function clientOf({ name, pool, ...options }: MongoOptions): MongoClient {
  try {
    return new MongoClient(options.url, {
      appName: name,
      minPoolSize: pool.min,
      maxPoolSize: pool.max,
      waitQueueTimeoutMS: pool.waitMs,
      maxIdleTimeMS: MAX_IDLE_MS,
      serverSelectionTimeoutMS: options.serverWaitMs,
      socketTimeoutMS: options.answerWaitMs ?? ANSWER_WAIT_MS,
      retryReads: options.answerWaitMs === undefined,
      writeConcern: { w: 'majority', journal: true },
      readConcern: { level: 'majority' },
      readPreference: 'primary',
      // Without this, the driver stores undefined as null.
      ignoreUndefined: true,
      monitorCommands: true,
    });
  } catch (error) {
    throw refusedUrl(error, options.url);
  }
}

/** The driver knows which parameters there are. Its error is not passed on: it may repeat a secret. */
function refusedUrl(error: unknown, url: string): Fault {
  const why = error instanceof Error ? error.message.replace(/(unescaped characters) .*/s, '$1') : '';
  return new Fault('INVALID_INPUT', `ODO_MONGO_URL is ${maskPassword(url)}, which cannot be used: ${why}`);
}

/** The codes of a wrong password, and of none or of a user without rights. */
const REFUSED: readonly unknown[] = [18, 13];

/** A ping is answered without a password too. A server that cannot be read yet, for example before its election, is waited for later. */
async function mayRead(db: Db): Promise<void> {
  try {
    await db.command({ dbStats: 1 });
  } catch (error) {
    if (error instanceof MongoError && REFUSED.includes(error.code)) throw error;
  }
}

/** At the start only a person can change it. */
function refusedLogin(error: unknown, url: string): Fault | undefined {
  const refusal = refusalIn(error);
  return refusal && new Fault('INVALID_INPUT', refusedBy(maskPassword(url), refusal), { cause: error });
}

/** A connection of the pool may have been refused before the one of an operation. */
function refusalIn(error: unknown): MongoError | undefined {
  if (!(error instanceof MongoError)) return undefined;
  return REFUSED.includes(error.code) ? error : refusalIn(error.cause);
}

function refusedBy(server: string, { message }: MongoError): string {
  return `MongoDB at ${server} refuses the login (${message}): correct ODO_MONGO_URL`;
}

/** What can be seen of a server and its pool. */
interface PoolState {
  /** How long commands have been sent of which none was answered, in milliseconds; 0 if the last one was. */
  readonly silentMs: number;
  /** Whether all connections that the pool may have are in use. */
  readonly isUsedUp: boolean;
}

function watchPool(client: MongoClient, { max }: MongoPool): () => PoolState {
  const waiting = new Set<number>();
  let [used, silentSinceMs] = [0, undefined as number | undefined];
  const answered = ({ requestId }: { readonly requestId: number }) => {
    waiting.delete(requestId);
    silentSinceMs = waiting.size > 0 ? performance.now() : undefined;
  };
  client.on('connectionCheckedOut', () => (used += 1));
  client.on('connectionCheckedIn', () => (used -= 1));
  client.on('commandStarted', ({ requestId }) => {
    silentSinceMs ??= performance.now();
    waiting.add(requestId);
  });
  client.on('commandSucceeded', answered);
  client.on('commandFailed', (event) => {
    if (event.failure instanceof MongoNetworkError) waiting.delete(event.requestId);
    else answered(event);
  });
  const silentMs = () => (silentSinceMs === undefined ? 0 : performance.now() - silentSinceMs);
  return () => ({ silentMs: silentMs(), isUsedUp: used >= max });
}

/** A server that has answered no command for this long is asleep, and its connections are not busy. */
const ASLEEP_MS = 5_000;

function asFault(
  error: unknown,
  client: MongoClient,
  { max, waitMs, silentMs, isUsedUp }: MongoPool & PoolState,
): unknown {
  const hasWaited = error instanceof MongoError && error.name === 'MongoWaitQueueTimeoutError';
  if (hasWaited && isUsedUp && silentMs < ASLEEP_MS) {
    const message = `all ${max} connections to MongoDB were busy for ${waitMs} ms`;
    const limit = `${max} connections`;
    return new Fault('OVERLOADED', message, { limit, retryAfterMs: RETRY_AFTER_MS, cause: error });
  }
  const hosts = client.options.hosts.join(', ');
  const refusal = refusalIn(error);
  if (refusal) return unavailable(refusedBy(hosts, refusal), error);
  if (hasWaited)
    return unavailable(`MongoDB at ${hosts} does not answer: ${silence(silentMs, waitMs)}`, error);
  if (isAway(error)) return unavailable(`MongoDB at ${hosts} does not answer: ${withoutNames(error)}`, error);
  return error;
}

/** The driver names its connection by a number or as `<monitor>`, and the server again. */
const withoutNames = ({ message }: Error) => message.replace(/^connection \S+ to \S+/, 'the connection');

function silence(silentMs: number, waitMs: number): string {
  const isAsleep = silentMs >= ASLEEP_MS;
  return isAsleep ? `no answer for ${Math.floor(silentMs / 1_000)} s` : `no connection in ${waitMs} ms`;
}

function unavailable(message: string, cause: unknown): Fault {
  return new Fault('UNAVAILABLE', message, { retryAfterMs: RETRY_AFTER_MS, cause });
}

/** The code of an operation that took longer than its `maxTimeMS`. */
const MAX_TIME_EXPIRED = 50;

/** Whether the server did not answer in time, or is about to hand over to another. */
function isAway(error: unknown): error is Error {
  if (error instanceof MongoServerSelectionError || error instanceof MongoNetworkError) return true;
  if (error instanceof MongoError) {
    return error.code === MAX_TIME_EXPIRED || error.hasErrorLabel('RetryableWriteError');
  }
  return isSocketError(error);
}

/** The driver does not convert the error of a socket, for example EPIPE, if the connection ends during a write. */
function isSocketError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(E[A-Z]+|ERR_(STREAM|SOCKET)_[A-Z_]+)$/.test(code);
}
