import { availableParallelism } from 'node:os';
import { MessageChannel } from 'node:worker_threads';
import { Bell } from '@odograph/kernel/bell';
import { Fault } from '@odograph/kernel/fault';
import { Piscina } from 'piscina';
import type { PartitionAnswer, PartitionTask } from './backtest-thread.ts';
import {
  type BacktestProgress,
  type BacktestRequest,
  type PartitionOutcome,
  tooManyEvents,
} from './partition-backtest.ts';
import type { BacktestTimelines } from './rule-backtest.ts';

export interface BacktestOutcome {
  /** For each rule that is tried. */
  readonly timelines: readonly BacktestTimelines[];
  readonly vehicles: number;
  readonly events: number;
  /** Of the first rule, for each partition; empty if they were not asked for. */
  readonly hashes: readonly string[];
}

/** The heap of a thread. One that needs more ends, and not the process. */
export const HEAP_MIB = 1_024;
/** What is made of an event dies young, if there is room for a batch of them. */
const NURSERY_MIB = 64;
/** A thread takes a second to start, so the next backtest finds it. */
const IDLE_MS = 60_000;

type ThreadOptions = Pick<PartitionTask, 'history' | 'windowBytes'> & { readonly partitionCount: number };

/** Runs backtests in threads of their own, a partition each: alerts of now do not wait for those of the past. */
export class BacktestThreads {
  readonly #options: ThreadOptions;
  readonly #threads = new Piscina<PartitionTask, PartitionAnswer>({
    ...{ filename: new URL('./backtest-thread.ts', import.meta.url).href, name: 'backtestTask' },
    ...{ minThreads: 0, maxThreads: availableParallelism(), idleTimeout: IDLE_MS },
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB, maxYoungGenerationSizeMb: NURSERY_MIB },
    // A thread closes its connections while it has nothing to do.
    ...{ atomics: 'disabled', recordTiming: false },
  });

  constructor(options: ThreadOptions) {
    this.#options = options;
  }

  async stop(): Promise<void> {
    await this.#threads.destroy();
  }

  /** Yields how far a backtest is, and returns what the rules would have done. Its threads end when the signal is aborted. */
  async *run(
    request: BacktestRequest,
    signal: AbortSignal,
  ): AsyncGenerator<BacktestProgress, BacktestOutcome, undefined> {
    const ending = new AbortController();
    const own = AbortSignal.any([signal, ending.signal]);
    const partitions = Array.from({ length: this.#options.partitionCount }, (_, at) => at);
    const made: BacktestProgress[] = partitions.map(() => ({ share: 0, events: 0 }));
    const bell = new Bell();
    const onProgress = (partition: number, progress: BacktestProgress) => {
      made[partition] = progress;
      bell.ring();
    };
    let isOver = false;
    const all = Promise.all(partitions.map((each) => this.#runPartition(each, request, own, onProgress)));
    const over = () => {
      isOver = true;
      bell.ring();
    };
    all.then(over, over);
    try {
      while (!isOver) {
        await bell.rung();
        const events = sumOf(made, (each) => each.events);
        if (events > request.maxEvents) throw tooManyEvents(request.maxEvents);
        if (!isOver) yield { share: sumOf(made, ({ share }) => share) / made.length, events };
      }
      return joined(await all, request);
    } finally {
      ending.abort();
    }
  }

  async #runPartition(
    partition: number,
    request: BacktestRequest,
    signal: AbortSignal,
    onProgress: (partition: number, progress: BacktestProgress) => void,
  ): Promise<PartitionOutcome> {
    const { history, windowBytes } = this.#options;
    const { port1, port2: progress } = new MessageChannel();
    port1.on('message', (each: BacktestProgress) => onProgress(partition, each));
    try {
      const task = { history, windowBytes, partition, request, progress };
      const answer = await this.#threads.run(task, { signal, transferList: [progress] });
      if ('outcome' in answer) return answer.outcome;
      const { code, message, ...details } = answer.fault;
      throw new Fault(code, message, details);
    } catch (error) {
      signal.throwIfAborted();
      throw isOutOfMemory(error) ? tooLarge(error) : error;
    } finally {
      port1.close();
    }
  }
}

function joined(
  parts: readonly PartitionOutcome[],
  { documents, maxEvents }: BacktestRequest,
): BacktestOutcome {
  const events = sumOf(parts, (part) => part.events);
  if (events > maxEvents) throw tooManyEvents(maxEvents);
  return {
    timelines: documents.map((_, at) => {
      const own = parts.map(({ timelines }) => timelines[at] as BacktestTimelines);
      return {
        asKnownThen: own.flatMap(({ asKnownThen }) => asKnownThen),
        asKnownNow: own.flatMap(({ asKnownNow }) => asKnownNow),
        flapping: sumOf(own, ({ flapping }) => flapping),
      };
    }),
    // A vehicle is in one partition.
    ...{ vehicles: sumOf(parts, ({ vehicles }) => vehicles), events },
    hashes: parts.flatMap(({ hash }) => hash ?? []),
  };
}

function sumOf<T>(each: readonly T[], pick: (one: T) => number): number {
  return each.reduce((sum, one) => sum + pick(one), 0);
}

const isOutOfMemory = (error: unknown): boolean =>
  (error as { readonly code?: unknown } | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY';

function tooLarge(cause: unknown): Fault {
  const message = `the backtest needs more than ${HEAP_MIB} MiB for a partition: ask for a shorter time, or for fewer vehicles`;
  return new Fault('TOO_LARGE', message, { cause, limit: `${HEAP_MIB} MiB a partition of a backtest` });
}
