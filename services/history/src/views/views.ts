import type { LogListener } from '@odograph/event-log/subscribe';
import { pause } from '@odograph/kernel/clock';
import type { Projection } from '@odograph/kernel/projection';
import type { Db } from 'mongodb';
import type { MongoLogReader } from '../log/mongo-log-reader.ts';
import { type CheckpointDocument, createCheckpoints } from './checkpoints.ts';
import { flushTail } from './flush.ts';
import { followLog } from './follow.ts';
import { loadTogether } from './load-together.ts';
import type { ReadModel } from './read-model.ts';
import { createReadModelStore } from './read-model-store.ts';
import { createTail, type Tail } from './tail.ts';
import { createViewReader, type ViewReader } from './view-reader.ts';

export interface ViewSettings {
  /** How often the owner of a partition stores what the tail has, in milliseconds. */
  readonly flushIntervalMs: number;
  /** Bytes of a tail at which it is stored at once. */
  readonly flushBytes: number;
}

/** What the views tell of their work, for metrics and the log. */
export interface ViewObserver {
  onFlushed(partition: number, slices: number, durationMs: number): void;
  /** Something failed and will be tried again. */
  onTrouble(partition: number, error: unknown): void;
}

export interface ViewsParts {
  readonly partitionCount: number;
  readonly database: Db;
  readonly log: MongoLogReader;
  readonly listen: LogListener;
  readonly models: readonly ReadModel<unknown>[];
  /** Aborted when the process is told to stop: catching up is not waited for any more. */
  readonly stopping: AbortSignal;
  /** Whether this process stores a partition's read models now. */
  readonly isOwner: (partition: number) => boolean;
  readonly settings: ViewSettings;
  readonly observer: ViewObserver;
}

/** The hot tails of all partitions, kept at the log's head and stored behind it. */
export interface Views {
  readonly tails: readonly Tail[];
  readonly reader: ViewReader;
  readonly checkpoints: ReturnType<typeof createCheckpoints>;
  /** Stores a partition's tail now, where this process is its owner. */
  flushNow(partition: number): Promise<void>;
  /** Ends; what the tails have is stored first where this process is the owner. */
  stop(): Promise<void>;
}

/** How long the start waits for the tails: after that, answers say an older position for a while. */
const CATCH_UP_MS = 30_000;
/**
 * How long a flush rests for each stretch of its work, unless the tail is full: done in one go, it would take the processor
 * and MongoDB from those who commit and ask.
 */
const REST_PER_WORK = 2;
/** How often a tail is looked at between two flushes, in milliseconds. */
const LOOK_MS = 250;

/** Puts a projection together with its stored documents. */
export function readModelOf<S>(database: Db, projection: Projection<S>): ReadModel<S> {
  const store = createReadModelStore(database, projection);
  return { projection, store, load: loadTogether(store) };
}

/** Starts at the checkpoints and resolves once every tail has reached the log as it was then, or that takes long. */
export async function startViews(parts: ViewsParts): Promise<Views> {
  const { database, partitionCount, models, log, listen, settings, observer } = parts;
  const versions = models.map(({ projection }) => projection);
  const checkpoints = createCheckpoints(database.collection<CheckpointDocument>('checkpoints'), versions);
  const stopping = new AbortController();
  const { signal } = stopping;

  async function openTail(partition: number): Promise<Tail> {
    const { sequence } = await checkpoints.read(partition);
    return createTail(partition, sequence);
  }

  const flush = oneAtATime((tail: Tail) => flushOnce(tail));

  async function flushOnce(tail: Tail): Promise<void> {
    const startedAt = performance.now();
    const isPressed = () => tail.bytes() >= settings.flushBytes || signal.aborted;
    const rest = (workMs: number) =>
      isPressed() ? Promise.resolve() : pause(workMs * REST_PER_WORK, signal);
    const slices = await flushTail({ tail, models, checkpoints, log, rest });
    observer.onFlushed(tail.partition, slices, performance.now() - startedAt);
  }

  /** Another process stores: what it has stored is forgotten here. */
  async function forgetStored(tail: Tail): Promise<void> {
    const { sequence } = await checkpoints.read(tail.partition);
    tail.trimThrough(Math.min(sequence, tail.head()));
  }

  /** What fails is tried again with the next flush; nothing is lost by that, for the log has it all. */
  async function bringUp(tail: Tail): Promise<void> {
    try {
      if (parts.isOwner(tail.partition)) await flush(tail);
      else await forgetStored(tail);
    } catch (error) {
      observer.onTrouble(tail.partition, error);
    }
  }

  async function flushBehind(tail: Tail): Promise<void> {
    let lastAtMs = performance.now();
    while (!signal.aborted) {
      await pause(LOOK_MS, signal);
      const isDue = performance.now() - lastAtMs >= settings.flushIntervalMs;
      if (!isDue && tail.bytes() < settings.flushBytes) continue;
      await bringUp(tail);
      lastAtMs = performance.now();
    }
    await bringUp(tail);
  }

  const partitions = Array.from({ length: partitionCount }, (_, partition) => partition);
  const tails = await Promise.all(partitions.map(openTail));
  const targets = await Promise.all(partitions.map((partition) => log.watermark(partition)));
  const running = tails.map((tail) => [
    followLog({
      tail,
      reader: log,
      listen,
      signal,
      maxTailBytes: settings.flushBytes * 2,
      onTrouble: (error) => observer.onTrouble(tail.partition, error),
    }),
    flushBehind(tail),
  ]);
  const caughtUp = AbortSignal.any([signal, parts.stopping, AbortSignal.timeout(CATCH_UP_MS)]);
  await Promise.all(tails.map((tail, partition) => tail.reach(targets[partition] ?? 0, caughtUp)));

  return {
    tails,
    reader: createViewReader({ tails, checkpoints, log }),
    checkpoints,
    async flushNow(partition) {
      const tail = tails[partition];
      if (tail && parts.isOwner(partition)) await flush(tail);
    },
    async stop() {
      stopping.abort();
      await Promise.all(running.flat());
    },
  };
}

/** Runs work for a partition after what runs for it already. */
function oneAtATime(work: (tail: Tail) => Promise<void>): (tail: Tail) => Promise<void> {
  const running = new Map<number, Promise<void>>();
  return async (tail) => {
    const next = () => work(tail);
    const mine = (running.get(tail.partition) ?? Promise.resolve()).then(next, next);
    running.set(tail.partition, mine);
    await mine;
  };
}
