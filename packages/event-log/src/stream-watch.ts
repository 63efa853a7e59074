import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { PartitionState } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { Fault } from '@odograph/kernel/fault';
import { type Broadcast, decodeBroadcastHead } from './broadcast.ts';
import { listenToLog } from './listen-to-log.ts';
import { PARTITION_COUNT_KEY, streamName } from './nats-subjects.ts';
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
  /** Whether the server can be reached now: what is published while it cannot would pile up in memory. */
  readonly isConnected?: () => boolean;
  /** Told why the streams cannot be looked at, once for each reason: it is tried again at every turn. */
  readonly onTrouble?: (error: unknown) => void;
  /** They can be looked at again. */
  readonly onRecovery?: () => void;
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

/** What is known of one partition. */
interface PartitionSeen {
  /** The stream as JetStream tells of it; undefined while there is none. */
  stream: { readonly createdAtMs: number; readonly filledRatio: number } | undefined;
  /** The last that history said of it; undefined while nothing was heard. */
  broadcast: Broadcast | undefined;
  /** When it was heard, by a monotonic clock. */
  heardAtMs: number;
  /** The highest sequence acknowledged to us in the stream's present life. */
  lastStored: number;
  /** When an acknowledgement went backwards, by a monotonic clock; undefined when none did, or history has looked since. */
  wentBackwardsAtMs: number | undefined;
  /** Set when the stream ends below what the log already has. */
  isBehindLog: boolean;
  readonly stopListening: () => void;
}

/** Watches the streams and history's broadcasts, so that the door refuses what could not become part of the log. */
export function createStreamWatch({
  connection,
  manager,
  isConnected = () => true,
  onTrouble,
  onRecovery,
  options,
}: StreamWatchParts): StreamWatch {
  const settings = { ...DEFAULT_STREAM_WATCH_OPTIONS, ...options };
  let found: readonly PartitionSeen[] | undefined;
  /** The same, once each has been looked at. */
  let partitions: readonly PartitionSeen[] = [];
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let trouble: string | undefined;

  async function turn(): Promise<void> {
    try {
      found ??= await findPartitions();
      await Promise.all(found.map((seen, partition) => look(manager, partition, seen)));
      partitions = found;
      if (trouble !== undefined) onRecovery?.();
      trouble = undefined;
    } catch (error) {
      if (String(error) !== trouble) onTrouble?.(error);
      trouble = String(error);
    }
    if (!isStopped) timer = setTimeout(() => void turn(), settings.intervalMs);
  }

  async function findPartitions(): Promise<readonly PartitionSeen[]> {
    const count = await countPartitions(manager);
    return Array.from({ length: count }, (_, partition) => watchPartition(connection, partition));
  }

  void turn();

  return {
    partitionCount: () => partitions.length || undefined,
    assertOpen(partition) {
      const trouble = isConnected() ? troubleOf(partitions[partition]) : 'NATS is away';
      if (trouble === undefined) return;
      const message = `partition ${partition} takes nothing now: ${trouble}`;
      throw new Fault('UNAVAILABLE', message, { retryAfterMs: 1_000 });
    },
    assertRoom(partition) {
      const { stream, broadcast } = partitions[partition] ?? {};
      if (stream && stream.filledRatio >= settings.fullRatio) throw fullStream(partition);
      const free = broadcast?.freeDiskRatio;
      if (free !== undefined && free < settings.minFreeDiskRatio) {
        throw fullDisk(free, settings.minFreeDiskRatio);
      }
    },
    noteStored(partition, sequence) {
      const seen = partitions[partition];
      if (!seen) return;
      if (sequence <= seen.lastStored) {
        seen.wentBackwardsAtMs = performance.now();
        const message = `the stream of partition ${partition} acknowledged ${sequence} after ${seen.lastStored}`;
        throw new Fault('UNAVAILABLE', message);
      }
      seen.lastStored = sequence;
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
      for (const seen of found ?? []) seen.stopListening();
    },
  };
}

async function countPartitions(manager: JetStreamManager): Promise<number> {
  const info = await manager.streams.info(streamName(0));
  const count = Number(info.config.metadata?.[PARTITION_COUNT_KEY]);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new Fault('UNAVAILABLE', `${streamName(0)} does not say how many partitions the log has`);
}

function watchPartition(connection: NatsConnection, partition: number): PartitionSeen {
  const onBroadcast = (broadcast: Broadcast) => {
    seen.broadcast = broadcast;
    seen.heardAtMs = performance.now();
  };
  const seen: PartitionSeen = {
    stream: undefined,
    broadcast: undefined,
    heardAtMs: 0,
    lastStored: 0,
    wentBackwardsAtMs: undefined,
    isBehindLog: false,
    stopListening: listenToLog(connection, partition, onBroadcast, decodeBroadcastHead),
  };
  return seen;
}

/** What the log has is read first: the stream, looked at afterwards, must reach at least as far. */
async function look(manager: JetStreamManager, partition: number, seen: PartitionSeen): Promise<void> {
  if (performance.now() - seen.heardAtMs > FORGOTTEN_AFTER_MS) seen.broadcast = undefined;
  const logHas = seen.broadcast?.watermark ?? 0;
  const info = await manager.streams.info(streamName(partition)).catch((error: unknown) => {
    if (error instanceof Error && error.name === 'StreamNotFoundError') seen.stream = undefined;
    throw error;
  });
  const { created, config, state } = info;
  const createdAtMs = Date.parse(created);
  if (seen.stream && seen.stream.createdAtMs !== createdAtMs) seen.lastStored = 0;
  seen.stream = { createdAtMs, filledRatio: config.max_bytes > 0 ? state.bytes / config.max_bytes : 0 };
  seen.isBehindLog = state.last_seq < logHas;
  if (seen.wentBackwardsAtMs !== undefined && hasJudged(seen, createdAtMs)) {
    seen.lastStored = 0;
    seen.wentBackwardsAtMs = undefined;
  }
}

/** What history said last holds no longer once it has been silent for this long: it may be away. */
const FORGOTTEN_AFTER_MS = 30_000;

/** History looks at each stream every second: what it still calls its own after this long, it has judged. */
const JUDGED_AFTER_MS = 3_000;

function hasJudged({ broadcast, wentBackwardsAtMs = 0 }: PartitionSeen, createdAtMs: number): boolean {
  if (broadcast?.state !== PartitionState.RUNNING || broadcast.streamCreatedAtMs !== createdAtMs)
    return false;
  return performance.now() - wentBackwardsAtMs > JUDGED_AFTER_MS;
}

/** Why a partition may take nothing; undefined when it may. */
function troubleOf(seen: PartitionSeen | undefined): string | undefined {
  if (!seen?.stream) return 'its stream is not there';
  if (seen.wentBackwardsAtMs !== undefined) return 'its stream went backwards and waits for repair';
  if (seen.isBehindLog) return 'its stream ends below the log and waits for repair';
  if (!seen.broadcast) return undefined; // History may be away: the stream is the buffer for just that.
  if (seen.broadcast.state === PartitionState.HALTED) return 'the log has halted it';
  if (seen.broadcast.streamCreatedAtMs !== seen.stream.createdAtMs) {
    return 'its stream is not the one the log knows';
  }
  return undefined;
}

function fullDisk(free: number, least: number): Fault {
  return new Fault('OVERLOADED', `the log's disk has ${(free * 100).toFixed(1)} % left`, {
    retryAfterMs: 5_000,
    limit: `${least * 100} % free disk`,
  });
}
