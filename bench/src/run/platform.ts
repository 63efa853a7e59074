import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, startCluster } from '@odograph/cluster/cluster';
import { invariant } from '@odograph/kernel/fault';

/** An empty platform with the default settings, except for the quotas of a client. */
export interface BenchPlatform extends Pick<Cluster, 'endpoints' | 'metrics' | 'urls'> {
  readonly partitions: number;
  /** The processes that run now, by name. */
  pids(): Readonly<Record<string, number>>;
  /** Kills a process, which is not started again by itself. */
  kill(name: string): Promise<void>;
  /** Starts one that was killed. */
  start(name: string): Promise<void>;
  /** How many times a process ended by itself. */
  crashes(): number;
}

/** Of the services' default settings. */
export const DATABASE = 'odograph';
const PARTITIONS = 2;
/** All users come from one address. */
const ENV = {
  ODO_LOG_LEVEL: 'warn',
  ODO_GRPC_MAX_CONNECTIONS: '10000',
  ODO_GRPC_MAX_CALLS: '256',
  ODO_GRPC_MAX_WAITING_CALLS: '10000',
  ODO_GRPC_MAX_UNFINISHED_BYTES: '1073741824',
  ODO_GRPC_MAX_ANSWER_BYTES: '1073741824',
  ODO_INGEST_MAX_REPORTS_PER_SECOND: '1000000',
  ODO_INGEST_MAX_VEHICLES_PER_SECOND: '1000000',
  ODO_INGEST_MAX_CONNECTIONS: '10000',
  ODO_CACHE_MAX_WATCHES: '20000',
};

interface AlertingOptions {
  /** Replicas of alerting. Default: none. */
  readonly alertings?: number;
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts a platform, passes it to `work`, and removes it in any case. */
export async function withPlatform<T>(
  histories: number,
  work: (platform: BenchPlatform) => Promise<T>,
  caches = 0,
  { alertings = 0, env = {} }: AlertingOptions = {},
): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), 'odograph-bench-'));
  try {
    const cluster = await startCluster({
      ...{ dataDir, histories, caches, alertings, partitions: PARTITIONS, env: { ...ENV, ...env } },
    });
    try {
      return await work(benchPlatform(cluster));
    } finally {
      await cluster.kill();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

function benchPlatform({ endpoints, metrics, urls, nodes }: Cluster): BenchPlatform {
  const nodeOf = (name: string) => {
    const node = nodes.find((each) => each.name === name);
    invariant(node, `the platform has a process ${name}`);
    return node;
  };
  return {
    ...{ endpoints, metrics, urls, partitions: PARTITIONS },
    pids: () =>
      Object.fromEntries(
        nodes.flatMap((node) => {
          const pid = node.pid();
          return pid === undefined ? [] : [[node.name, pid]];
        }),
      ),
    kill: async (name) => await nodeOf(name).kill(),
    start: async (name) => await nodeOf(name).start(),
    crashes: () => nodes.reduce((sum, node) => sum + node.crashes(), 0),
  };
}
