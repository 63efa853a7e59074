import { backoffMs } from '@odograph/kernel/backoff';
import { Fault } from '@odograph/kernel/fault';
import { Cluster, Redis } from 'ioredis';
import { maskPassword } from './config/setting.ts';
import type { Logger } from './logger.ts';
import { type RedisAddress, type RedisTarget, redisTarget } from './redis-options.ts';
import { Trouble } from './trouble.ts';

export interface RedisOptions extends RedisAddress {
  /** Names the connection in the lists of the server. */
  readonly name: string;
  readonly logger: Logger;
}

/** A connection that may be lost at any time: commands fail at once while it is, and it is made again without limit. */
export interface RedisConnection {
  readonly redis: Redis | Cluster;
  isConnected(): boolean;
  close(): void;
}

/** How long a connection, and the answer of a command, may take. */
const TIMEOUT_MS = 5_000;
/** How long the start waits for Redis. */
const FIRST_ANSWER_MS = 2_000;
const CHECK_EVERY_MS = 30_000;
const BACKOFF = { firstMs: 100, maxMs: 2_000 };

/**
 * Connects to Redis: a single server, a cluster, or the primary that sentinels name. A Redis that is away does not keep a service from starting.
 * @throws {Fault} INVALID_INPUT if the URL cannot be used, or the login is refused
 */
export async function connectRedis(options: RedisOptions): Promise<RedisConnection> {
  const redis = clientOf(redisTarget(options), options.name);
  const trouble = new Trouble({ logger: options.logger, message: 'Redis does not answer' });
  redis.on('error', (error) => void trouble.failed(error));
  redis.on('ready', () => trouble.succeeded());
  try {
    await firstAnswer(redis);
  } catch (cause) {
    redis.disconnect();
    const server = `Redis at ${maskPassword(options.url)}`;
    throw new Fault('INVALID_INPUT', `${server} refuses the login (${cause}): correct ODO_REDIS_URL`, {
      cause,
    });
  }
  const checking = setInterval(() => void check(redis, trouble), CHECK_EVERY_MS).unref();
  return {
    redis,
    isConnected: () => redis.status === 'ready',
    close() {
      clearInterval(checking);
      redis.disconnect();
    },
  };
}

function clientOf(target: RedisTarget, name: string): Redis | Cluster {
  const { kind, hosts, primary: sentinelName, login, tls, database: db } = target;
  const retry = (times: number) => Math.random() * backoffMs(times, BACKOFF);
  const connection = {
    ...login,
    ...(tls && { tls }),
    connectionName: name,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
  };
  // What is asked for while Redis is away fails at once: there is another level below it.
  const fast = { enableOfflineQueue: false, enableAutoPipelining: true };
  if (kind === 'cluster')
    return new Cluster([...hosts], {
      ...fast,
      redisOptions: connection,
      slotsRefreshTimeout: TIMEOUT_MS,
      clusterRetryStrategy: retry,
    });
  const single = { ...connection, ...fast, db, retryStrategy: retry, maxRetriesPerRequest: 1 };
  if (kind === 'single') return new Redis({ ...single, ...hosts[0] });
  return new Redis({
    ...{ ...single, sentinels: [...hosts], name: sentinelName, sentinelRetryStrategy: retry },
    ...(login.username && { sentinelUsername: login.username }),
    ...(login.password && { sentinelPassword: login.password }),
    ...(tls && { sentinelTLS: tls, enableTLSForSentinelMode: true }),
  });
}

/** Resolves also if none comes in time. Rejects if the login is refused: only a person can change that. */
async function firstAnswer(redis: Redis | Cluster): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const refuse = (error: Error) => {
    if (isRefusal(error)) reject(error);
  };
  const timer = setTimeout(resolve, FIRST_ANSWER_MS);
  redis.once('ready', resolve);
  redis.on('error', refuse);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    redis.off('ready', resolve);
    redis.off('error', refuse);
  }
}

const REFUSALS = /\b(WRONGPASS|NOAUTH|NOPERM|ERR invalid password|ERR AUTH)\b/;

/** A cluster passes on what its nodes said. */
function isRefusal(error: Error & { readonly lastNodeError?: Error }): boolean {
  return (
    REFUSALS.test(error.message) || (error.lastNodeError !== undefined && isRefusal(error.lastNodeError))
  );
}

/** A connection that was cut silently is only seen when it is used. */
async function check(redis: Redis | Cluster, trouble: Trouble): Promise<void> {
  if (redis.status !== 'ready') return;
  try {
    await redis.ping();
    trouble.succeeded();
  } catch (error) {
    trouble.failed(error);
    if (redis instanceof Redis) redis.disconnect(true);
  }
}
