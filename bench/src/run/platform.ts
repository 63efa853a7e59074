import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, type ClusterOptions, startCluster } from '@odograph/cluster/cluster';
import type { DriveOptions, Manner } from '../drive/drive-options.ts';
import { type Driven, runDrive } from './run-drive.ts';

/** A platform with nothing in it yet, as a user gets it, but for quotas meant for one client. */
export interface BenchPlatform {
  readonly cluster: Cluster;
  drive(load: LoadShape, manner: Manner, time: DriveTime): Promise<Driven>;
}

/** Who reports, and how. */
export interface LoadShape {
  readonly vehicles: number;
  readonly samplesPerReport: number;
  readonly seed: number;
  readonly connections: number;
  readonly batch: number;
}

export type DriveTime = Pick<DriveOptions, 'warmUpMs' | 'measureMs'>;

const PARTITIONS = 2;
const ENV = {
  ODO_LOG_LEVEL: 'warn',
  ODO_INGEST_MAX_REPORTS_PER_SECOND: '1000000',
  ODO_INGEST_MAX_CONNECTIONS: '10000',
};

/** Starts a platform, hands it over, and removes it whatever comes of it. */
export async function withPlatform<T>(
  work: (platform: BenchPlatform) => Promise<T>,
  options: Pick<ClusterOptions, 'histories'> = {},
): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), 'odograph-bench-'));
  try {
    const cluster = await startCluster({ dataDir, partitions: PARTITIONS, env: ENV, ...options });
    try {
      return await work({ cluster, drive: (...how) => driveOn(cluster, ...how) });
    } finally {
      await cluster.kill();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function driveOn(cluster: Cluster, load: LoadShape, manner: Manner, time: DriveTime): Promise<Driven> {
  const { endpoints, urls } = cluster;
  const options: DriveOptions = {
    ...load,
    ...time,
    manner,
    endpoint: endpoints.ingest,
    history: endpoints.histories[0] ?? '',
    natsUrl: urls.nats,
    partitions: PARTITIONS,
    prepared: Math.ceil((mostReportsPerSecond(load, manner) * secondsOf(time)) / load.batch),
  };
  return await runDrive(options, () => pidsOf(cluster));
}

/** What is made before the clock runs: enough for a rate that nobody has seen here yet. */
function mostReportsPerSecond({ samplesPerReport }: LoadShape, manner: Manner): number {
  if (manner.kind === 'paced') return manner.reportsPerSecond;
  return samplesPerReport === 1 ? 60_000 : 25_000;
}

const secondsOf = ({ warmUpMs, measureMs }: DriveTime) => (warmUpMs + measureMs) / 1_000;

/** Of all that runs, by the names of the nodes. */
export function pidsOf({ nodes }: Cluster): Record<string, number> {
  return Object.fromEntries(
    nodes.flatMap((node) => {
      const pid = node.pid();
      return pid === undefined ? [] : [[node.name, pid]];
    }),
  );
}
