import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { EventPosition } from '@odograph/kernel/position';

/** An event as the log keeps it, with its place. */
export interface StoredEvent {
  readonly position: EventPosition;
  /** May be decoded anew each time it is asked for: whoever needs it more than once takes it once. */
  readonly event: Event;
}

/** A stretch of a partition's log. */
export interface LogStretch {
  /** The events, in order. */
  readonly events: readonly StoredEvent[];
  /** The stretch holds everything above where it was asked to begin, up to and including this sequence. */
  readonly through: number;
}

/** Reads the log as far as its watermark. Nothing above the watermark exists to a reader. */
export interface LogReader {
  /** The last envelope that is whole in the log; 0: none. */
  watermark(partition: number): Promise<number>;
  /** What follows a sequence, up to `through` at the most: whole envelopes, as many as make a good batch. */
  read(partition: number, afterSequence: number, through: number): Promise<LogStretch>;
}
