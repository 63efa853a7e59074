import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { Fault } from '@odograph/kernel/fault';
import { decodeBroadcastHead } from './broadcast.ts';
import { listenToLog } from './listen-to-log.ts';
import { natsProblem } from './nats-problem.ts';
import { PARTITION_COUNT_KEY, streamName } from './nats-subjects.ts';
import { type ObservedStream, type PartitionRoom, StreamHealth } from './stream-health.ts';

interface StreamWatchDeps {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  /** Whether the server can be reached now: what is published while it cannot would pile up in memory. */
  readonly isConnected?: () => boolean;
  /** Called with the reason why the streams cannot be read, once for each reason. The watch tries again. */
  readonly onTrouble?: (error: unknown) => void;
  /** Called when they can be read again. */
  readonly onRecovery?: () => void;
  /** How often the streams are read, in milliseconds. */
  readonly intervalMs: number;
}

/** When a closed partition may be open again, in milliseconds. */
const CLOSED_RETRY_MS = 1_000;

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
  #problem: string | undefined;

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
    const message = `partition ${partition} is closed: ${reason}; retry in ${CLOSED_RETRY_MS} ms`;
    throw new Fault('UNAVAILABLE', message, { retryAfterMs: CLOSED_RETRY_MS });
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
    return health ? health.closedBecause() : 'its stream is missing';
  }

  async #check(): Promise<void> {
    const { manager, onTrouble, onRecovery, intervalMs } = this.#deps;
    try {
      this.#found ??= await this.#findPartitions();
      await Promise.all(this.#found.map((health, partition) => readStream(manager, partition, health)));
      this.#partitions = this.#found;
      if (this.#problem !== undefined) onRecovery?.();
      this.#problem = undefined;
    } catch (error) {
      if (String(error) !== this.#problem) onTrouble?.(error);
      this.#problem = String(error);
    }
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
      listenToLog(
        connection,
        partition,
        (broadcast) => health.heard(broadcast, performance.now()),
        decodeBroadcastHead,
      ),
    );
    return health;
  }
}

async function countPartitions(manager: JetStreamManager): Promise<number> {
  const info = await manager.streams.info(streamName(0));
  const found = info.config.metadata?.[PARTITION_COUNT_KEY];
  const count = Number(found);
  if (Number.isSafeInteger(count) && count > 0) return count;
  const rule = `${PARTITION_COUNT_KEY} must be the number of the log's partitions; history sets it`;
  throw new Fault('UNAVAILABLE', `the stream ${streamName(0)} has ${PARTITION_COUNT_KEY}=${found}: ${rule}`);
}

/** The watermark is read first: a stream that is read afterwards must reach at least as far. */
async function readStream(manager: JetStreamManager, partition: number, health: StreamHealth): Promise<void> {
  const watermark = health.watermark(performance.now());
  try {
    health.seen(await observeStream(manager, partition), watermark, performance.now());
  } catch (error) {
    if (natsProblem(error) === 'stream missing') health.missing();
    throw error;
  }
}

async function observeStream(manager: JetStreamManager, partition: number): Promise<ObservedStream> {
  const { created, config, state } = await manager.streams.info(streamName(partition));
  const filledRatio = config.max_bytes > 0 ? state.bytes / config.max_bytes : 0;
  return { createdAtMs: Date.parse(created), lastSequence: state.last_seq, filledRatio };
}
