import { totalmem } from 'node:os';
import { join } from 'node:path';
import { secretFile } from './credentials.ts';
import type { EnginePlan, PlanInput } from './engine-kind.ts';
import { LOOPBACK } from './free-port.ts';
import { makePrivateFolder } from './private-files.ts';
import { becomePrimary, REPLICA_SET } from './replica-set.ts';

/**
 * Written pages stay in the cache until a checkpoint; above 5 % (`eviction_dirty_target`) WiredTiger writes them earlier,
 * while others need the disk (docs/decisions/009). If the log's unique index outgrows the cache, each insert waits for a page.
 */
const CACHE_GB = Math.max(0.25, Math.min(3, totalmem() / 1024 ** 3 / 8));
/** Small, because nothing reads old entries: the log of the platform is a collection. */
const OPLOG_MB = 256;

/** A MongoDB server, journaled, as the primary of a replica set of one. */
export function mongoPlan(input: PlanInput): EnginePlan {
  const { dataDir, port } = input;
  makePrivateFolder(join(dataDir, 'db'));
  return { args: mongoArgs(dataDir, port), isReady: () => becomePrimary(input) };
}

function mongoArgs(dataDir: string, port: number): readonly string[] {
  const options = {
    '--dbpath': join(dataDir, 'db'),
    '--port': port,
    '--bind_ip': LOOPBACK,
    '--replSet': REPLICA_SET,
    '--oplogSize': OPLOG_MB,
    '--wiredTigerCacheSizeGB': CACHE_GB,
    // Turns access control on.
    '--keyFile': secretFile(dataDir),
    // A slow command would be logged with its documents.
    '--slowOpSampleRate': 0,
  };
  const parameters = [
    'diagnosticDataCollectionEnabled=false',
    // A server without users would let in everybody on this machine.
    'enableLocalhostAuthBypass=false',
    // The set has one member, so a shutdown does not wait for another one to take over.
    'shutdownTimeoutMillisForSignaledShutdown=0',
    // No query reads at an earlier time; versions kept for five minutes would fill the cache with old watermarks.
    'minSnapshotHistoryWindowInSeconds=0',
  ];
  return [
    ...Object.entries(options).flatMap(([name, value]) => [name, String(value)]),
    ...parameters.flatMap((parameter) => ['--setParameter', parameter]),
    '--nounixsocket',
    '--quiet',
  ];
}
