import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { type LogBroadcast, PartitionState } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { Fault } from '@odograph/kernel/fault';
import { listenToLog } from './live-log.ts';
import { PARTITION_COUNT_KEY, streamName } from './names.ts';
import { fullStream } from './publish-refusal.ts';

/** What a publisher must know of the streams before it may acknowledge anything. */
export interface StreamWatch {
  /** How many partitions the log has; undefined until its first stream has been seen. */
  partitionCount(): number | undefined;
  /** Throws a Fault UNAVAILABLE when the partition's stream is missing, or not the one that the log knows. */
  assertOpen(partition: number): void;
  /** Throws a Fault OVERLOADED when the stream or the log's disk is nearly full. */
  assertRoom(partition: number): void;
  /** Takes note of an acknowledgement. Throws, and closes the partition, when it does not lie above the last. */
  noteStored(partition: number, sequence: number): void;
  stop(): void;
}

export interface StreamWatchParts {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  /** Told of faults that will be looked at again at the next turn. */
  readonly onTrouble?: (error: unknown) => void;
  readonly options?: Partial<StreamWatchOptions>;
}

export interface StreamWatchOptions {
  readonly intervalMs: number;
  /** Share of a stream's bytes above which telemetry is refused, so that decisions still get in. */
  readonly fullRatio: number;
  /** Share of free disk below which telemetry is refused. */
  readonly minFreeDiskRatio: number;
}

export const DEFAULT_STREAM_WATCH_OPTIONS: StreamWatchOptions = {
  intervalMs: 1_000,
  fullRatio: 0.9,
  minFreeDiskRatio: 0.1,
};

interface StreamSeen {
  readonly createdAtMs: number;
  readonly filledRatio: number;
  readonly lastSequence: number;
}

/** What is known of one partition. */
interface PartitionSeen {
  stream: StreamSeen | undefined;
  broadcast: LogBroadcast | undefined;
  /** The highest sequence acknowledged to us in the stream's present life. */
  lastStored: number;
  /** Set when an acknowledgement went backwards; cleared when history has repaired the stream. */
  wentBackwards: boolean;
  /** Set when the stream ends below what the log already has. */
  isBehindLog: boolean;
  stopListening: () => void;
}

/** Watches the streams and history's broadcasts, so that the door refuses what could not become part of the log. */
export function createStreamWatch({ connection, manager, onTrouble, options }: StreamWatchParts): StreamWatch {
  const settings = { ...DEFAULT_STREAM_WATCH_OPTIONS, ...options };
  const partitions: PartitionSeen[] = [];
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;

  function watchPartition(partition: number): PartitionSeen {
    const seen: PartitionSeen = {
      stream: undefined,
      broadcast: undefined,
      lastStored: 0,
      wentBackwards: false,
      isBehindLog: false,
      stopListening: listenToLog(connection, partition, (broadcast) => {
        seen.broadcast = broadcast;
      }),
    };
    return seen;
  }

  async function look(partition: number): Promise<void> {
    const seen = partitions[partition] as PartitionSeen;
    const logHas = seen.broadcast?.watermark ?? 0;
    const info = await manager.streams.info(streamName(partition));
    const { max_bytes: maxBytes } = info.config;
    const createdAtMs = Date.parse(info.created);
    if (seen.stream && seen.stream.createdAtMs !== createdAtMs) seen.lastStored = 0;
    seen.stream = {
      createdAtMs,
      filledRatio: maxBytes > 0 ? info.state.bytes / maxBytes : 0,
      lastSequence: info.state.last_seq,
    };
    seen.isBehindLog = info.state.last_seq < logHas;
    if (seen.wentBackwards && info.state.last_seq > seen.lastStored) seen.wentBackwards = false;
  }

  async function findPartitions(): Promise<void> {
    const info = await manager.streams.info(streamName(0));
    const count = Number(info.config.metadata?.[PARTITION_COUNT_KEY]);
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new Fault('UNAVAILABLE', `the stream ${streamName(0)} does not say how many partitions the log has`);
    }
    for (let partition = 0; partition < count; partition += 1) partitions.push(watchPartition(partition));
  }

  async function turn(): Promise<void> {
    try {
      if (partitions.length === 0) await findPartitions();
      await Promise.all(
        partitions.map((seen, partition) =>
          look(partition).catch((error: unknown) => {
            if (isMissing(error)) seen.stream = undefined;
            onTrouble?.(error);
          }),
        ),
      );
    } catch (error) {
      onTrouble?.(error);
    }
    if (!isStopped) timer = setTimeout(() => void turn(), settings.intervalMs);
  }

  void turn();

  return {
    partitionCount: () => partitions.length || undefined,
    assertOpen(partition) {
      const trouble = troubleOf(partitions[partition]);
      if (trouble) {
        throw new Fault('UNAVAILABLE', `partition ${partition} takes nothing now: ${trouble}`, { retryAfterMs: 1_000 });
      }
    },
    assertRoom(partition) {
      const seen = partitions[partition];
      if (seen?.stream && seen.stream.filledRatio >= settings.fullRatio) throw fullStream(partition);
      const free = seen?.broadcast?.freeDiskRatio;
      if (free !== undefined && free < settings.minFreeDiskRatio) {
        throw new Fault('OVERLOADED', `the log's disk has ${(free * 100).toFixed(1)} % left`, {
          retryAfterMs: 5_000,
          limit: `${settings.minFreeDiskRatio * 100} % free disk`,
        });
      }
    },
    noteStored(partition, sequence) {
      const seen = partitions[partition] as PartitionSeen;
      if (sequence <= seen.lastStored) {
        seen.wentBackwards = true;
        throw new Fault(
          'UNAVAILABLE',
          `the stream of partition ${partition} acknowledged ${sequence} after ${seen.lastStored}`,
        );
      }
      seen.lastStored = sequence;
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
      for (const seen of partitions) seen.stopListening();
    },
  };
}

/** Why a partition may take nothing; undefined when it may. */
function troubleOf(seen: PartitionSeen | undefined): string | undefined {
  if (!seen?.stream) return 'its stream is not there';
  if (seen.wentBackwards) return 'its stream went backwards and waits for repair';
  if (seen.isBehindLog) return 'its stream ends below the log and waits for repair';
  if (!seen.broadcast) return undefined; // History may be away: the stream is the buffer for just that.
  if (seen.broadcast.state === PartitionState.HALTED) return 'the log has halted it';
  if (seen.broadcast.streamCreatedAtMs !== seen.stream.createdAtMs) return 'its stream is not the one the log knows';
  return undefined;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && error.name === 'StreamNotFoundError';
}
