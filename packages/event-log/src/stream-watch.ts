import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { MAX_PARTITIONS } from '@odograph/kernel/defaults';
import { Fault, isFault } from '@odograph/kernel/fault';
import { listenToLog } from './listen-to-log.ts';
import { NO_ANSWER, natsProblem } from './nats-problem.ts';
import { PARTITION_COUNT_KEY, streamName } from './nats-subjects.ts';
import { type ObservedStream, type PartitionRoom, StreamHealth } from './stream-health.ts';

interface StreamWatchDeps {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  /** Whether the server can be reached now: what is published while it cannot would pile up in memory. */
  readonly isConnected?: () => boolean;
  /** Called each time that the streams cannot be read. The watch tries again. */
  readonly onTrouble?: (error: unknown) => void;
  /** Called each time that they could be read. */
  readonly onSuccess?: () => void;
  /** How often the streams are read, in milliseconds. */
  readonly intervalMs: number;
}

/** Why a partition takes no events, and for how long it has not, in milliseconds. */
export interface Closure {
  readonly reason: string;
  readonly forMs: number;
}

/** A partition that is closed for less than this takes appends, which wait. In milliseconds. */
export const PATIENCE_MS = 2_000;
/** When a closed partition may be open again, in milliseconds. */
const CLOSED_RETRY_MS = 1_000;
/** After this long without a description of its stream, JetStream counts as silent. */
const ANSWER_WITHIN_MS = 2_000;

/** Watches the streams and history's broadcasts, so that nothing is acknowledged that could not become part of the log. */
export class StreamWatch {
  readonly #deps: StreamWatchDeps;
  /** One per partition, as soon as the number of partitions is known. */
  #found: readonly StreamHealth[] | undefined;
  /** The same, once each stream has been read. */
  #partitions: readonly StreamHealth[] = [];
  readonly #stopListening: (() => void)[] = [];
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;
  /** Why the number of partitions is not known. */
  #problem = 'it is not known yet whether the log exists';
  /** When each partition was first found to be closed. */
  readonly #closedSinceMs = new Map<number, number>();

  /** Starts to watch. */
  constructor(deps: StreamWatchDeps) {
    this.#deps = deps;
    void this.#check();
  }

  /** How many partitions the log has; undefined until its streams have been read. */
  partitionCount(): number | undefined {
    return this.#partitions.length || undefined;
  }

  /** Throws a Fault UNAVAILABLE if the partition's stream is missing, or is not the one that the log knows. */
  assertOpen(partition: number): void {
    const reason = this.#closedBecause(partition);
    if (reason === undefined) return;
    throw closedFault(`partition ${partition} is closed: ${reason}`);
  }

  /** Why an append would only wait for its deadline: a Fault UNAVAILABLE; undefined if it need not, or not for long. */
  refusal(partition: number): Fault | undefined {
    const closure = this.closure(partition);
    if (!closure || closure.forMs < PATIENCE_MS) return undefined;
    const forS = Math.floor(closure.forMs / 1_000);
    return closedFault(`partition ${partition} is closed for ${forS} s: ${closure.reason}`);
  }

  /**
   * Why a partition takes nothing now: as {@link assertOpen} says, or because JetStream does not answer. Undefined if it does.
   * While the number of partitions is not known, partition 0 has the reason for that.
   */
  closure(partition: number): Closure | undefined {
    const silence = this.#partitions[partition]?.silence;
    const reason = this.#closedBecause(partition) ?? silence?.reason;
    if (reason === undefined) {
      this.#closedSinceMs.delete(partition);
      return undefined;
    }
    const nowMs = performance.now();
    const sinceMs = this.#closedSinceMs.get(partition) ?? silence?.sinceMs ?? nowMs;
    this.#closedSinceMs.set(partition, sinceMs);
    return { reason, forMs: nowMs - sinceMs };
  }

  /** How much room the partition's stream and the log's disk have. */
  roomIn(partition: number): PartitionRoom {
    return this.#partitions[partition]?.room ?? { filledRatio: undefined, freeDiskRatio: undefined };
  }

  /** The stream acknowledged an envelope. Throws, and closes the partition, if the sequence is not above the last. */
  acknowledged(partition: number, sequence: number): void {
    if (this.#partitions[partition]?.acknowledged(sequence, performance.now()) !== false) return;
    const message = `the stream of partition ${partition} went backwards: it acknowledged ${sequence}, which is not above the last`;
    throw new Fault('UNAVAILABLE', message);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    for (const stopListening of this.#stopListening) stopListening();
  }

  #closedBecause(partition: number): string | undefined {
    const { isConnected } = this.#deps;
    if (isConnected && !isConnected()) return 'NATS cannot be reached';
    const health = this.#partitions[partition];
    return health ? health.closedBecause() : this.#problem;
  }

  async #check(): Promise<void> {
    const { manager, onTrouble, onSuccess, intervalMs } = this.#deps;
    try {
      this.#found ??= await this.#findPartitions();
      await Promise.all(this.#found.map((health, partition) => readStream(manager, partition, health)));
      this.#partitions = this.#found;
      onSuccess?.();
    } catch (error) {
      this.#problem = problemInWords(error);
      onTrouble?.(error);
    }
    // What is closed counts as closed from now on, also without a caller that asks.
    for (const partition of this.#partitions.keys()) this.closure(partition);
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => void this.#check(), intervalMs);
  }

  async #findPartitions(): Promise<readonly StreamHealth[]> {
    const count = await countPartitions(this.#deps.manager);
    return Array.from({ length: count }, (_, partition) => this.#listenTo(partition));
  }

  #listenTo(partition: number): StreamHealth {
    const health = new StreamHealth();
    const { connection } = this.#deps;
    this.#stopListening.push(
      listenToLog(connection, partition, (broadcast) => health.heard(broadcast, performance.now())),
    );
    return health;
  }
}

/** A Fault UNAVAILABLE with the reason, and when to try again. */
export function closedFault(reason: string): Fault {
  const message = `${reason}; retry in ${CLOSED_RETRY_MS} ms`;
  return new Fault('UNAVAILABLE', message, { retryAfterMs: CLOSED_RETRY_MS });
}

async function countPartitions(manager: JetStreamManager): Promise<number> {
  const info = await manager.streams.info(streamName(0));
  const found = info.config.metadata?.[PARTITION_COUNT_KEY];
  const count = Number(found);
  if (Number.isSafeInteger(count) && count > 0 && count <= MAX_PARTITIONS) return count;
  const rule = `${PARTITION_COUNT_KEY} must be the number of the log's partitions, at most ${MAX_PARTITIONS}; history sets it`;
  throw new Fault('UNAVAILABLE', `the stream ${streamName(0)} has ${PARTITION_COUNT_KEY}=${found}: ${rule}`);
}

/** The watermark is read first: a stream that is read afterwards must reach at least as far. */
async function readStream(manager: JetStreamManager, partition: number, health: StreamHealth): Promise<void> {
  const askedAtMs = performance.now();
  const watermark = health.watermark(askedAtMs);
  const late = setTimeout(() => health.notSeen(NO_ANSWER, askedAtMs), ANSWER_WITHIN_MS);
  try {
    health.seen(await observeStream(manager, partition), watermark, performance.now());
  } catch (error) {
    if (natsProblem(error) === 'stream missing') health.missing(performance.now());
    else health.notSeen(problemInWords(error), askedAtMs);
    throw error;
  } finally {
    clearTimeout(late);
  }
}

function problemInWords(error: unknown): string {
  const problem = natsProblem(error);
  if (problem === 'stream missing')
    return 'the log does not exist yet: history creates it at its first start';
  if (isFault(error)) return error.message;
  return problem === undefined ? NO_ANSWER : `JetStream refuses: ${String(error)}`;
}

async function observeStream(manager: JetStreamManager, partition: number): Promise<ObservedStream> {
  const { created, config, state } = await manager.streams.info(streamName(partition));
  const filledRatio = config.max_bytes > 0 ? state.bytes / config.max_bytes : 0;
  return { createdAtMs: Date.parse(created), lastSequence: state.last_seq, filledRatio };
}
