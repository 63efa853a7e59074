import {
  DiscardPolicy,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamInfo,
} from '@nats-io/jetstream';
import {
  PARTITION_COUNT_KEY,
  repairSubject,
  streamName,
  streamSubject,
} from '@odograph/event-log/nats-subjects';

export interface StreamSettings {
  readonly partitionCount: number;
  /** Bytes a stream may hold; the door refuses telemetry at 90 % of them. */
  readonly maxBytes: number;
  /** Copies of each stream on a cluster: 1 or 3. */
  readonly replicas: number;
}

/** What the log must know of a partition's stream. */
export interface StreamFacts {
  readonly createdAtMs: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly bytes: number;
  readonly maxBytes: number;
  /** Its subject was taken away from the doors, and not given back yet. */
  readonly isUnderRepair: boolean;
}

/** The partition's stream, created when it is missing. Only history creates streams. */
export async function ensureStream(
  manager: JetStreamManager,
  partition: number,
  settings: StreamSettings,
): Promise<StreamFacts> {
  const existing = await lookAtStream(manager, partition);
  if (existing) return existing;
  const info = await manager.streams.add({
    name: streamName(partition),
    subjects: [streamSubject(partition)],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    max_bytes: settings.maxBytes,
    num_replicas: settings.replicas,
    allow_direct: true,
    metadata: { [PARTITION_COUNT_KEY]: String(settings.partitionCount) },
  });
  return factsOf(info);
}

/** The partition's stream as it is now; undefined when there is none. */
export async function lookAtStream(
  manager: JetStreamManager,
  partition: number,
): Promise<StreamFacts | undefined> {
  try {
    return factsOf(await manager.streams.info(streamName(partition)));
  } catch (error) {
    if (error instanceof Error && error.name === 'StreamNotFoundError') return undefined;
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
 * Takes the stream's subject away from the doors: from then on they find nobody there, and acknowledge nothing.
 * Its bytes are unbounded meanwhile, for a repair adds to it.
 */
export async function closeToDoors(manager: JetStreamManager, partition: number): Promise<void> {
  await manager.streams.update(streamName(partition), {
    subjects: [repairSubject(partition)],
    max_bytes: -1,
  });
}

/** Gives the subject back, and applies what is configured. */
export async function openToDoors(
  manager: JetStreamManager,
  partition: number,
  { maxBytes, replicas }: StreamSettings,
): Promise<void> {
  const subjects = [streamSubject(partition)];
  await manager.streams.update(streamName(partition), {
    subjects,
    max_bytes: maxBytes,
    num_replicas: replicas,
  });
}

/** What the log remembers of a stream, to know it again. */
export interface KnownStream {
  readonly createdAtMs: number | undefined;
  /** Everything of the stream up to here is in the log or was seen on the way to it. */
  readonly knownSequence: number;
  /** Where the stream goes on after a repair; 0: it was never repaired. */
  readonly resumedSequence: number;
  readonly watermark: number;
}

/** Why a stream is not the one the log knows; undefined when it is. */
export function strangenessOf(stream: StreamFacts, known: KnownStream): string | undefined {
  if (stream.isUnderRepair) return 'a repair of it was not finished';
  if (known.createdAtMs !== undefined && stream.createdAtMs !== known.createdAtMs) {
    return `it was created at ${new Date(stream.createdAtMs).toISOString()}, not ${new Date(known.createdAtMs).toISOString()}`;
  }
  if (stream.lastSequence < known.knownSequence) {
    return `it ends at ${stream.lastSequence}, below ${known.knownSequence}, which the log has`;
  }
  const next = Math.max(known.watermark + 1, known.resumedSequence);
  if (stream.firstSequence > next) {
    return `it begins at ${stream.firstSequence}, above ${next}, which the log needs next`;
  }
  return undefined;
}
