import type { PartitionInfo } from '@odograph/contracts/generated/odograph/history/v1/event_log';
import { PartitionState } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { LogReader } from '@odograph/event-log/log-reader';
import type { LiveLog } from '../log/broadcaster.ts';
import type { LogCollections } from '../log/collections.ts';
import { readPartition } from '../log/partition-record.ts';
import type { Partitions } from '../log/partitions.ts';
import { shareReads } from '../views/shared-reads.ts';
import type { Views } from '../views/views.ts';

interface DescribeDeps {
  readonly partitionCount: number;
  readonly collections: Pick<LogCollections, 'partitions'>;
  readonly reader: Pick<LogReader, 'watermark'>;
  readonly views: Pick<Views, 'checkpoints' | 'tails'>;
  readonly writers: Pick<Partitions, 'haltedBecause' | 'troubleOf'>;
  readonly liveLog: Pick<LiveLog, 'health'>;
}

/** Describes the progress, the owner and the state of every partition, with one read for all who ask at the same time. */
export function createPartitionDescriber(deps: DescribeDeps): () => Promise<readonly PartitionInfo[]> {
  const partitions = Array.from({ length: deps.partitionCount }, (_, partition) => partition);

  async function describePartition(partition: number): Promise<PartitionInfo> {
    const { lease } = await readPartition(deps.collections.partitions, partition);
    const checkpoints = await deps.views.checkpoints.read(partition);
    const { last, sinceMs } = deps.writers.troubleOf(partition);
    const stored = Array.from(checkpoints.values(), ({ sequence }) => sequence);
    const furthest = Math.max(...stored, deps.views.tails[partition]?.head() ?? 0);
    // Last, so that what the views include is not above it only because it was read earlier.
    const watermark = await deps.reader.watermark(partition);
    return {
      watermark: { partition, sequence: watermark },
      checkpoint: { partition, sequence: Math.min(...stored) },
      // From the owner's last broadcast, which may be another process.
      state: deps.liveLog.health(partition)?.state ?? PartitionState.UNSPECIFIED,
      reason: deps.writers.haltedBecause(partition) ?? '',
      owner: lease.owner,
      lastError: last?.message ?? '',
      lastErrorAtMs: last?.atMs ?? 0,
      failingSinceMs: sinceMs ?? 0,
      views: { partition, sequence: furthest },
    };
  }

  const describeAll = shareReads(() => Promise.all(partitions.map(describePartition)));
  return () => describeAll('all');
}
