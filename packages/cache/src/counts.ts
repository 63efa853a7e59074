import type { Level, StaleReason } from './answer.ts';
import type { WriteOutcome } from './tier.ts';

/** Why a level did not take a value. */
export type Refusal = Exclude<WriteOutcome, 'stored'>;

/** What happens in a cache, by the type of the values. */
export interface CacheCounts {
  hit(type: string, level: Level): void;
  miss(type: string): void;
  stale(type: string, reason: StaleReason): void;
  /** Unless it is for want of room, a race was prevented: the value came late, or is of an older version. */
  refused(type: string, level: Level, reason: Refusal): void;
  evicted(type: string): void;
  /** What a level had is not a value of the type. */
  unreadable(type: string): void;
  leaseWaited(type: string): void;
  loaded(type: string, tookMs: number, hasFailed: boolean): void;
  /** A write for a slower level that had to leave the queue. */
  dropped(level: Level): void;
}
