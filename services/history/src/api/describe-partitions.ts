import type { PartitionInfo } from '@odograph/contracts/generated/odograph/history/v1/event_log';
import { PartitionState } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { LogReader } from '@odograph/event-log/log-reader';
import type { LogListener } from '@odograph/event-log/subscribe';
import type { LogCollections } from '../log/collections.ts';
import { readPartition } from '../log/partition-record.ts';
import type { Partitions } from '../log/partitions.ts';
import type { Checkpoints } from '../views/checkpoints.ts';

interface DescribeDeps {
  readonly partitionCount: number;
  readonly collections: Pick<LogCollections, 'partitions'>;
  readonly reader: Pick<LogReader, 'watermark'>;
  readonly checkpoints: Checkpoints;
  readonly writers: Pick<Partitions, 'haltedBecause' | 'troubleOf'>;
  readonly listen: LogListener;
}

/** Describes the progress, the owner and the state of every partition. */
interface PartitionDescriber {
  describe(): Promise<readonly PartitionInfo[]>;
  stop(): void;
}

export function createPartitionDescriber(deps: DescribeDeps): PartitionDescriber {
  const partitions = Array.from({ length: deps.partitionCount }, (_, partition) => partition);
  /** The state from the last broadcast of each owner, which may be another process. */
  const states = new Map<number, PartitionState>();
  const stops = partitions.map((partition) =>
    deps.listen(partition, ({ state }) => {
      states.set(partition, state);
    }),
  );

  async function describePartition(partition: number): Promise<PartitionInfo> {
    const { lease } = await readPartition(deps.collections.partitions, partition);
    const checkpoints = await deps.checkpoints.read(partition);
    const { last, sinceMs } = deps.writers.troubleOf(partition);
    const stored = Array.from(checkpoints.values(), ({ sequence }) => sequence);
    // Last, so that what is stored is not above it only because it was read earlier.
    const watermark = await deps.reader.watermark(partition);
    return {
      watermark: { partition, sequence: watermark },
      checkpoint: { partition, sequence: Math.min(...stored) },
      state: states.get(partition) ?? PartitionState.UNSPECIFIED,
      reason: deps.writers.haltedBecause(partition) ?? '',
      owner: lease.owner,
      lastError: last?.message ?? '',
      lastErrorAtMs: last?.atMs ?? 0,
      failingSinceMs: sinceMs ?? 0,
      views: { partition, sequence: Math.max(...stored) },
    };
  }

  return {
    describe: () => Promise.all(partitions.map(describePartition)),
    stop() {
      for (const stop of stops) stop();
    },
  };
}
