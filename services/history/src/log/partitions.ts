import type { Broadcaster } from './broadcaster.ts';
import { createKeptHolders } from './holders.ts';
import { PartitionWriter, type WriterDeps } from './writer.ts';
import type { WriterTrouble } from './writer-condition.ts';

interface PartitionsDeps extends Omit<WriterDeps, 'partition' | 'broadcaster' | 'keptHolders'> {
  readonly broadcaster: (partition: number) => Broadcaster;
}

/** The writers of this process, one a partition. Each appends while it holds the lease of its partition. */
export interface Partitions {
  isOwner(partition: number): boolean;
  haltedBecause(partition: number): string | undefined;
  /** What failed when this process wanted to append. */
  troubleOf(partition: number): WriterTrouble;
  /** Checks all streams before it continues. Call it after a reconnection. */
  checkAgain(): void;
  stop(): Promise<void>;
}

export function startPartitions(deps: PartitionsDeps): Partitions {
  const partitions = Array.from({ length: deps.streams.partitionCount }, (_, partition) => partition);
  const keptHolders = createKeptHolders();
  const writers = partitions.map((partition) => {
    return new PartitionWriter({ ...deps, partition, broadcaster: deps.broadcaster(partition), keptHolders });
  });
  const writerOf = (partition: number) => writers[partition] as PartitionWriter;

  return {
    isOwner: (partition) => writerOf(partition).isOwner,
    haltedBecause: (partition) => writerOf(partition).haltedBecause,
    troubleOf: (partition) => writerOf(partition).trouble,
    checkAgain() {
      for (const writer of writers) writer.checkAgain();
    },
    async stop() {
      await Promise.all(writers.map((writer) => writer.stop()));
    },
  };
}
