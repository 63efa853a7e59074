import type { LogReader } from '@odograph/event-log/log-reader';
import type { Projection } from '@odograph/kernel/projection';
import { createTurns } from '@odograph/platform/turns';
import type { Db } from 'mongodb';
import { type CheckpointDocument, type Checkpoints, createCheckpoints } from './checkpoints.ts';
import type { ProjectionLag } from './metrics.ts';
import { openPartitionView, type PartitionViewDeps } from './partition-view.ts';
import type { ReadModel, SubjectLog } from './read-model.ts';
import { createReadModelStore } from './read-model-store.ts';
import { batchLoads } from './shared-reads.ts';
import type { Tail } from './tail.ts';
import { createViewCache } from './view-cache.ts';
import { createViewReader, type ViewReader } from './view-reader.ts';

interface ViewsDeps extends Omit<PartitionViewDeps, 'partition' | 'checkpoints' | 'inTurn' | 'cache'> {
  readonly database: Db;
  readonly log: LogReader & SubjectLog;
  /** Aborted when the process must stop: then it does not wait for catching up. */
  readonly stopping: AbortSignal;
}

/** The views of all partitions: they follow the head of the log and are stored at intervals. */
export interface Views {
  readonly tails: readonly Tail[];
  readonly reader: ViewReader;
  readonly checkpoints: Checkpoints;
  /** How far the answers of each projection are behind the tail: 0 if it follows the tail. */
  behind(): readonly ProjectionLag[];
  /** Stores a partition's tail now if this process is the owner. Another one learns what the owner has stored. */
  flushNow(partition: number): Promise<void>;
  /** Stores the tails of the partitions that this process owns, then stops. */
  stop(): Promise<void>;
}

/** How long the start waits for the tails to catch up. After that, answers have an older position for a while. */
const CATCH_UP_MS = 30_000;

/** A projection with its stored documents. */
export function readModelOf<S>(database: Db, projection: Projection<S>): ReadModel<S> {
  const store = createReadModelStore(database, projection);
  return { projection, store, load: batchLoads(store) };
}

/** Starts at the checkpoints. Resolves when every tail has reached the watermark of the start, or after 30 s. */
export async function startViews({ database, stopping, ...shared }: ViewsDeps): Promise<Views> {
  const { models, log, partitionCount } = shared;
  const projections = models.map(({ projection }) => projection);
  const checkpoints = createCheckpoints(database.collection<CheckpointDocument>('checkpoints'), projections);
  const inTurn = createTurns();
  const cache = createViewCache(shared.settings.cacheBytes);
  const numbers = Array.from({ length: partitionCount }, (_, partition) => partition);
  const targets = await Promise.all(numbers.map((partition) => log.watermark(partition)));
  const partitions = await Promise.all(
    numbers.map((partition) => openPartitionView({ ...shared, partition, checkpoints, inTurn, cache })),
  );
  const caughtUp = AbortSignal.any([stopping, AbortSignal.timeout(CATCH_UP_MS)]);
  await Promise.all(partitions.map(({ tail }, partition) => tail.reach(targets[partition] ?? 0, caughtUp)));
  return {
    tails: partitions.map(({ tail }) => tail),
    reader: createViewReader({ partitions, log, cache }),
    checkpoints,
    behind: () =>
      partitions.flatMap((view) =>
        models.map((model) => ({
          partition: view.tail.partition,
          projection: model.projection.name,
          envelopes: view.tail.head() - view.headOf(model),
        })),
      ),
    flushNow: async (partition) => partitions[partition]?.flushNow(),
    stop: async () => void (await Promise.all(partitions.map((view) => view.stop()))),
  };
}
