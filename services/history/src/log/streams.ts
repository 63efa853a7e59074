import {
  DiscardPolicy,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamInfo,
} from '@nats-io/jetstream';
import { natsProblem } from '@odograph/event-log/nats-problem';
import {
  PARTITION_COUNT_KEY,
  repairSubject,
  streamName,
  streamSubject,
} from '@odograph/event-log/nats-subjects';
import { Fault } from '@odograph/kernel/fault';
import { isoTime } from '@odograph/kernel/iso-time';

export interface StreamSettings {
  readonly partitionCount: number;
  /** Maximum bytes of a stream. Ingest refuses telemetry before it is full (`ODO_INGEST_STREAM_FULL_PCT`). */
  readonly maxBytes: number;
  /** Copies of each stream on a NATS cluster, 1 to 5. */
  readonly replicas: number;
}

/** The state of a partition's stream. */
export interface StreamFacts {
  readonly createdAtMs: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly bytes: number;
  readonly maxBytes: number;
  /** Publishers have no access to it until a repair ends. */
  readonly isUnderRepair: boolean;
}

/** The partition's stream, created if it is missing. Only history creates streams. */
export async function ensureStream(
  manager: JetStreamManager,
  partition: number,
  settings: StreamSettings,
): Promise<StreamFacts> {
  const existing = await lookAtStream(manager, partition);
  if (existing) return existing;
  const info = await refuseWithoutRoom(partition, settings, () =>
    manager.streams.add({
      name: streamName(partition),
      subjects: [streamSubject(partition)],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.New,
      max_bytes: settings.maxBytes,
      num_replicas: settings.replicas,
      allow_direct: true,
      metadata: { [PARTITION_COUNT_KEY]: String(settings.partitionCount) },
    }),
  );
  return factsOf(info);
}

/** The partition's stream as it is now; undefined if it does not exist. */
export async function lookAtStream(
  manager: JetStreamManager,
  partition: number,
): Promise<StreamFacts | undefined> {
  try {
    return factsOf(await manager.streams.info(streamName(partition)));
  } catch (error) {
    if (natsProblem(error) === 'stream missing') return undefined;
    throw error;
  }
}

function factsOf({ created, state, config }: StreamInfo): StreamFacts {
  return {
    createdAtMs: Date.parse(created),
    firstSequence: state.first_seq,
    lastSequence: state.last_seq,
    bytes: state.bytes,
    maxBytes: config.max_bytes,
    isUnderRepair: !config.subjects.includes(streamSubject(partitionIn(config.name))),
  };
}

const partitionIn = (name: string): number => Number(name.slice(name.lastIndexOf('-') + 1));

/**
 * Moves the stream to another subject, so that publishers get no answer and acknowledge nothing.
 * Its bytes are not limited until the repair ends, because the repair adds to it.
 */
export async function closeToPublishers(manager: JetStreamManager, partition: number): Promise<void> {
  await manager.streams.update(streamName(partition), {
    subjects: [repairSubject(partition)],
    max_bytes: -1,
  });
}

/** Moves the stream back to its subject and applies the configured limits. */
export async function openToPublishers(
  manager: JetStreamManager,
  partition: number,
  settings: StreamSettings,
): Promise<void> {
  const subjects = [streamSubject(partition)];
  const config = { subjects, max_bytes: settings.maxBytes, num_replicas: settings.replicas };
  await refuseWithoutRoom(partition, settings, () => manager.streams.update(streamName(partition), config));
}

const MEBIBYTE = 1024 ** 2;

/** Throws a Fault RULE_VIOLATED if JetStream refuses the size of a stream: another try ends in the same way. */
async function refuseWithoutRoom<Result>(
  partition: number,
  { maxBytes }: StreamSettings,
  apply: () => Promise<Result>,
): Promise<Result> {
  try {
    return await apply();
  } catch (cause) {
    if (natsProblem(cause) !== 'stream full') throw cause;
    const message =
      `JetStream has no room for a stream of ${Math.ceil(maxBytes / MEBIBYTE)} MiB (partition ${partition}): ` +
      'set ODO_HISTORY_STREAM_MAX_BYTES lower, or free the disk of NATS and restart it';
    throw new Fault('RULE_VIOLATED', message, { cause });
  }
}

/** What the log has recorded about a stream, to recognize it. */
interface KnownStream {
  readonly createdAtMs: number | undefined;
  /** The highest sequence of the stream that the log has or has seen. */
  readonly knownSequence: number;
  /** The first sequence after the last repair; 0: it was never repaired. */
  readonly resumedSequence: number;
  readonly watermark: number;
}

/** Why a stream is not the one that the log knows; undefined if it is. */
export function streamMismatch(stream: StreamFacts, known: KnownStream): string | undefined {
  if (stream.isUnderRepair) return 'a repair of the stream was not finished';
  if (known.createdAtMs !== undefined && stream.createdAtMs !== known.createdAtMs) {
    return `the stream was created at ${isoTime(stream.createdAtMs)}, not at ${isoTime(known.createdAtMs)}`;
  }
  if (stream.lastSequence < known.knownSequence) {
    return `the stream ends at ${stream.lastSequence}, but the log has ${known.knownSequence}`;
  }
  const next = Math.max(known.watermark + 1, known.resumedSequence);
  if (stream.firstSequence > next) {
    return `the stream begins at ${stream.firstSequence}, but the log needs ${next} next`;
  }
  return undefined;
}
