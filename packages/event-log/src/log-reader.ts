import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { EventPosition } from '@odograph/kernel/position';

/** An event of the log, with its position. */
export interface StoredEvent {
  readonly position: EventPosition;
  /** Each read may decode the event again: keep it in a variable if you need it twice. */
  readonly event: Event;
}

/** Consecutive events of a partition. */
export interface LogStretch {
  /** The events, in order. */
  readonly events: readonly StoredEvent[];
  /** No event is missing up to and including this sequence. */
  readonly through: number;
}

/** Reads the log up to its watermark. A reader never sees an event above the watermark. */
export interface LogReader {
  /** The last envelope that the log has in full; 0 if there is none. */
  watermark(partition: number): Promise<number>;
  /** The whole envelopes after a sequence, at most up to `through`; as many as make a good batch. */
  read(partition: number, afterSequence: number, through: number): Promise<LogStretch>;
}
