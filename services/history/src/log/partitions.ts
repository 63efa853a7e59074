import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import type { Clock } from '@odograph/kernel/clock';
import { type TrimSettings, trimStream } from '../upkeep/trim.ts';
import type { Broadcaster } from './broadcast.ts';
import type { LogCollections } from './collections.ts';
import type { MongoLogReader } from './mongo-log-reader.ts';
import type { StreamSettings } from './streams.ts';
import { PartitionWriter, type WriterObserver } from './writer.ts';

export interface PartitionsParts {
  readonly owner: string;
  readonly collections: LogCollections;
  readonly reader: MongoLogReader;
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly broadcaster: (partition: number) => Broadcaster;
  readonly streams: StreamSettings;
  readonly leaseTtlMs: number;
  readonly trim: TrimSettings;
  readonly freeDiskRatio: () => number | undefined;
  readonly clock: Clock;
  readonly observer: WriterObserver;
}

/** This process's writers, one a partition; each appends when its lease is free. */
export interface Partitions {
  isOwner(partition: number): boolean;
  haltedBecause(partition: number): string | undefined;
  /** Looks at all streams again before going on: the connection was lost and found. */
  checkAgain(): void;
  stop(): Promise<void>;
}

const TRIM_MS = 60_000;

export function startPartitions(parts: PartitionsParts): Partitions {
  const { streams, manager, reader, clock, observer } = parts;
  const partitions = Array.from({ length: streams.partitionCount }, (_, partition) => partition);
  const writers = partitions.map((partition) => {
    return new PartitionWriter({ ...parts, partition, broadcaster: parts.broadcaster(partition) });
  });
  const writerOf = (partition: number) => writers[partition] as PartitionWriter;

  async function trim(partition: number): Promise<void> {
    if (!writerOf(partition).isOwner) return;
    try {
      const watermark = await reader.watermark(partition);
      await trimStream(manager, partition, watermark, { ...parts.trim, nowMs: clock.now() });
    } catch (error) {
      observer.onTrouble(partition, error);
    }
  }

  const trimming = setInterval(() => {
    for (const partition of partitions) void trim(partition);
  }, TRIM_MS);

  return {
    isOwner: (partition) => writerOf(partition).isOwner,
    haltedBecause: (partition) => writerOf(partition).haltedBecause,
    checkAgain() {
      for (const writer of writers) writer.checkAgain();
    },
    async stop() {
      clearInterval(trimming);
      await Promise.all(writers.map((writer) => writer.stop()));
    },
  };
}
