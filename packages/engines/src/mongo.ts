import { mkdirSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { RunningEngine } from './engine-process.ts';
import { LOOPBACK } from './free-port.ts';
import { becomePrimary, REPLICA_SET } from './replica-set.ts';
import { type StartOptions, startEngine } from './start-engine.ts';

export interface MongoOptions extends StartOptions {
  /** Memory for cached pages, in GB; at least 0.25. */
  readonly cacheGb?: number;
  /** Whether others go first while there is not processor enough for all. */
  readonly standsBack?: boolean;
}

/**
 * What is written lies in it until a checkpoint, and from 5 % of it on (WiredTiger's `eviction_dirty_target`) pages are
 * written while others want the disk and the processor (docs/decisions/009); and once the log's unique index outgrows it,
 * each insert waits for a page. Filled as it is needed, and never more than an eighth of the machine.
 */
const DEFAULT_CACHE_GB = Math.max(0.25, Math.min(3, totalmem() / 1024 ** 3 / 8));
/** Nothing reads the oplog for history: the log of the platform is a collection. */
const OPLOG_MB = 256;

/** Starts a MongoDB server on loopback, as the primary of a replica set of one, journaled. */
export async function startMongo(options: MongoOptions): Promise<RunningEngine> {
  const { cacheGb = DEFAULT_CACHE_GB, standsBack = false } = options;
  return await startEngine('mongo', options, (dataDir, port) => {
    const url = `mongodb://${LOOPBACK}:${port}/?directConnection=true`;
    mkdirSync(join(dataDir, 'db'), { recursive: true });
    const isReady = () => becomePrimary(url, port);
    return { args: mongoArgs(dataDir, port, cacheGb), url, isReady, standsBack };
  });
}

function mongoArgs(dataDir: string, port: number, cacheGb: number): readonly string[] {
  const options = {
    '--dbpath': join(dataDir, 'db'),
    '--port': port,
    '--bind_ip': LOOPBACK,
    '--replSet': REPLICA_SET,
    '--oplogSize': OPLOG_MB,
    '--wiredTigerCacheSizeGB': cacheGb,
  };
  const parameters = [
    'diagnosticDataCollectionEnabled=false',
    // There is no other member to hand over to: an orderly end need not wait for one.
    'shutdownTimeoutMillisForSignaledShutdown=0',
    // Nobody reads as of a time gone by: versions kept five minutes for that fill the cache with the watermarks' past.
    'minSnapshotHistoryWindowInSeconds=0',
  ];
  return [
    ...Object.entries(options).flatMap(([name, value]) => [name, String(value)]),
    ...parameters.flatMap((parameter) => ['--setParameter', parameter]),
    '--nounixsocket',
    '--quiet',
  ];
}
