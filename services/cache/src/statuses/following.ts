import type { Position } from '@odograph/kernel/position';

/** How the log is followed. */
export interface Following {
  /** Up to where a partition is applied. */
  readonly positionOf: (partition: number) => Position;
  /** Since when the log has said nothing of a partition, in milliseconds. Infinity: it has not said anything yet. */
  readonly silentMs: (partition: number) => number;
  /** Whether what is new in a partition arrives. */
  readonly isLive: (partition: number) => boolean;
  /** Resolves with whether a position is applied: when it is, or when the signal is aborted. */
  readonly reach: (position: Position, signal: AbortSignal) => Promise<boolean>;
}
