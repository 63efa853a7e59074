import { LogBroadcast, PartitionState } from '@odograph/contracts/generated/odograph/telemetry/v1/event';

/**
 * What the owner of a partition sends after each append, and each second: a hint to look at the log, from anybody who can
 * publish on NATS. What it says is never stored, and nothing is skipped because of it.
 */
export interface Broadcast extends PartitionHealth {
  readonly partition: number;
  /** The last envelope that the log is said to have; 0 if its owner does not know. */
  readonly watermark: number;
}

/** The health of a partition. */
export interface PartitionHealth {
  readonly state: PartitionState;
  readonly streamCreatedAtMs: number;
  /** Free share of the disk that holds the log, 0 to 1. */
  readonly freeDiskRatio?: number | undefined;
}

/** A broadcast has less than 60 bytes. */
const MAX_BYTES = 256;
/** The last time that a `Date` can have. */
const MAX_TIME_MS = 8.64e15;
const KNOWN_STATES: readonly PartitionState[] = [PartitionState.RUNNING, PartitionState.HALTED];

/** Encodes a `LogBroadcast`. */
export function encodeBroadcast(broadcast: Broadcast): Uint8Array {
  const { freeDiskRatio } = broadcast;
  return LogBroadcast.encode({ ...broadcast, freeDiskRatio }).finish();
}

/**
 * Decodes the `LogBroadcast` of a partition. A state that this program does not know is UNSPECIFIED.
 * Throws an Error if the bytes are something else, or say what cannot be.
 */
export function decodeBroadcast(bytes: Uint8Array, partition: number): Broadcast {
  if (bytes.length > MAX_BYTES) throw new RangeError(`a broadcast of ${bytes.length} bytes`);
  const broadcast = LogBroadcast.decode(bytes);
  const { watermark, streamCreatedAtMs, freeDiskRatio = 0 } = broadcast;
  assertBetween('partition', broadcast.partition, partition, partition);
  assertBetween('watermark', watermark, 0, Number.MAX_SAFE_INTEGER);
  assertBetween('stream_created_at_ms', streamCreatedAtMs, 0, MAX_TIME_MS);
  assertBetween('free_disk_ratio', freeDiskRatio, 0, 1);
  const isKnown = KNOWN_STATES.includes(broadcast.state);
  return { ...broadcast, state: isKnown ? broadcast.state : PartitionState.UNSPECIFIED };
}

function assertBetween(name: string, value: number, min: number, max: number): void {
  if (!(value >= min && value <= max)) throw new RangeError(`a broadcast with ${name} ${value}`);
}
