import type { PartitionInfo } from '@odograph/contracts/generated/odograph/history/v1/event_log';
import { PartitionState } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { LogListener } from '@odograph/event-log/subscribe';
import type { LogCollections } from '../log/collections.ts';
import { readPartition } from '../log/partition-record.ts';
import type { Partitions } from '../log/partitions.ts';
import type { Checkpoints } from '../views/checkpoints.ts';

export interface DescribeParts {
  readonly partitionCount: number;
  readonly collections: LogCollections;
  readonly checkpoints: Checkpoints;
  readonly writers: Partitions;
  readonly listen: LogListener;
}

/** Tells of every partition how far it has come, who appends to it, and how it fares. */
export interface PartitionTeller {
  describe(): Promise<readonly PartitionInfo[]>;
  stop(): void;
}

export function createPartitionTeller(parts: DescribeParts): PartitionTeller {
  const partitions = Array.from({ length: parts.partitionCount }, (_, partition) => partition);
  /** How each fares in the words of its owner, which may be another process. */
  const states = new Map<number, PartitionState>();
  const stops = partitions.map((partition) =>
    parts.listen(partition, ({ state }) => {
      states.set(partition, state);
    }),
  );

  async function describePartition(partition: number): Promise<PartitionInfo> {
    const { watermark, lease } = await readPartition(parts.collections.partitions, partition);
    const checkpoint = await parts.checkpoints.read(partition);
    return {
      watermark: { partition, sequence: watermark },
      checkpoint: { partition, sequence: checkpoint.sequence },
      state: states.get(partition) ?? PartitionState.UNSPECIFIED,
      reason: parts.writers.haltedBecause(partition) ?? '',
      owner: lease.owner,
    };
  }

  return {
    describe: () => Promise.all(partitions.map(describePartition)),
    stop() {
      for (const stop of stops) stop();
    },
  };
}
