import type { LogListener } from '@odograph/event-log/subscribe';
import { pause } from '@odograph/kernel/clock';
import type { Projection } from '@odograph/kernel/projection';
import type { Logger } from '@odograph/platform/logger';
import type { Db } from 'mongodb';
import type { MongoLogReader } from '../log/mongo-log-reader.ts';
import { type CheckpointDocument, createCheckpoints } from './checkpoints.ts';
import { flushTail } from './flush.ts';
import { followLog } from './follow.ts';
import type { ViewMetrics } from './metrics.ts';
import type { ReadModel } from './read-model.ts';
import { createReadModelStore } from './read-model-store.ts';
import { batchLoads } from './shared-reads.ts';
import { createTail, type Tail } from './tail.ts';
import { createViewReader, type ViewReader } from './view-reader.ts';

export interface ViewSettings {
  /** How often the owner of a partition stores its tail, in milliseconds. */
  readonly flushIntervalMs: number;
  /** Bytes of a tail at which it is stored immediately. */
  readonly flushBytes: number;
}

interface ViewsDeps {
  readonly partitionCount: number;
  readonly database: Db;
  readonly log: MongoLogReader;
  readonly listen: LogListener;
  readonly models: readonly ReadModel<unknown>[];
  /** Aborted when the process must stop: then it does not wait for catching up. */
  readonly stopping: AbortSignal;
  /** Whether this process stores a partition's read models now. */
  readonly isOwner: (partition: number) => boolean;
  readonly settings: ViewSettings;
  readonly metrics: ViewMetrics;
  readonly logger: Logger;
}

/** The tails of all partitions: they follow the head of the log and are stored at intervals. */
export interface Views {
  readonly tails: readonly Tail[];
  readonly reader: ViewReader;
  readonly checkpoints: ReturnType<typeof createCheckpoints>;
  /** Stores a partition's tail now if this process is the owner. */
  flushNow(partition: number): Promise<void>;
  /** Stores the tails of the partitions that this process owns, then stops. */
  stop(): Promise<void>;
}

/** How long the start waits for the tails to catch up. After that, answers have an older position for a while. */
const CATCH_UP_MS = 30_000;
/**
 * How long a flush pauses per millisecond of work, unless the tail is full. Without pauses it would slow down commits and
 * queries.
 */
const REST_PER_WORK = 2;
/** How often it checks whether a tail must be stored, in milliseconds. */
const CHECK_MS = 250;

/** A projection with its stored documents. */
export function readModelOf<S>(database: Db, projection: Projection<S>): ReadModel<S> {
  const store = createReadModelStore(database, projection);
  return { projection, store, load: batchLoads(store) };
}

/** Starts at the checkpoints. Resolves when every tail has reached the watermark of the start, or after 30 s. */
export async function startViews(deps: ViewsDeps): Promise<Views> {
  const { database, partitionCount, models, log, listen, settings, metrics, logger } = deps;
  const versions = models.map(({ projection }) => projection);
  const checkpoints = createCheckpoints(database.collection<CheckpointDocument>('checkpoints'), versions);
  const stopping = new AbortController();
  const { signal } = stopping;

  const flush = oneAtATime((tail: Tail) => flushOnce(tail));

  async function flushOnce(tail: Tail): Promise<void> {
    const startedAt = performance.now();
    const isUrgent = () => tail.bytes() >= settings.flushBytes || signal.aborted;
    const rest = (workMs: number) => (isUrgent() ? Promise.resolve() : pause(workMs * REST_PER_WORK, signal));
    const slices = await flushTail({ tail, models, checkpoints, log, rest });
    metrics.flushed(tail.partition, slices, performance.now() - startedAt);
  }

  function warn(partition: number, err: unknown): void {
    metrics.retried(partition);
    logger.warn({ partition, err }, 'following or storing is tried again');
  }

  /** Drops from a tail what another process has stored. */
  async function dropStored(tail: Tail): Promise<void> {
    const { sequence } = await checkpoints.read(tail.partition);
    tail.trimThrough(Math.min(sequence, tail.head()));
  }

  /** A failed flush is repeated by the next one. Nothing is lost, because the log has all events. */
  async function flushOrDrop(tail: Tail): Promise<void> {
    try {
      if (deps.isOwner(tail.partition)) await flush(tail);
      else await dropStored(tail);
    } catch (error) {
      warn(tail.partition, error);
    }
  }

  async function flushAtIntervals(tail: Tail): Promise<void> {
    let lastAtMs = performance.now();
    while (!signal.aborted) {
      await pause(CHECK_MS, signal);
      const isDue = performance.now() - lastAtMs >= settings.flushIntervalMs;
      if (!isDue && tail.bytes() < settings.flushBytes) continue;
      await flushOrDrop(tail);
      lastAtMs = performance.now();
    }
    await flushOrDrop(tail);
  }

  const partitions = Array.from({ length: partitionCount }, (_, partition) => partition);
  const starts = await Promise.all(partitions.map((partition) => checkpoints.read(partition)));
  const tails = starts.map(({ sequence }, partition) => createTail(partition, sequence));
  const targets = await Promise.all(partitions.map((partition) => log.watermark(partition)));
  const running = tails.map((tail) => [
    followLog({
      tail,
      reader: log,
      listen,
      signal,
      maxTailBytes: settings.flushBytes * 2,
      onTrouble: (error) => warn(tail.partition, error),
    }),
    flushAtIntervals(tail),
  ]);
  const caughtUp = AbortSignal.any([signal, deps.stopping, AbortSignal.timeout(CATCH_UP_MS)]);
  await Promise.all(tails.map((tail, partition) => tail.reach(targets[partition] ?? 0, caughtUp)));

  return {
    tails,
    reader: createViewReader({ tails, checkpoints, log }),
    checkpoints,
    async flushNow(partition) {
      const tail = tails[partition];
      if (tail && deps.isOwner(partition)) await flush(tail);
    },
    async stop() {
      stopping.abort();
      await Promise.all(running.flat());
    },
  };
}

/** Runs the work of one partition one call after the other. */
function oneAtATime(work: (tail: Tail) => Promise<void>): (tail: Tail) => Promise<void> {
  const running = new Map<number, Promise<void>>();
  return async (tail) => {
    const next = () => work(tail);
    const mine = (running.get(tail.partition) ?? Promise.resolve()).then(next, next);
    running.set(tail.partition, mine);
    await mine;
  };
}
