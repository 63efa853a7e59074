import type { Writer } from './entry.ts';

/** How long entries of one type are kept, and where. Times are milliseconds. */
export interface Policy {
  /** How long an entry is fresh, by who wrote it. */
  readonly softTtlMs: Readonly<Record<Writer, number>>;
  /** How long it is served while a newer one is being loaded. */
  readonly hardTtlMs: number;
  /** How much longer it is served if its source fails. */
  readonly graceMs: number;
  /** How long it is known that there is no value. 0: that is not kept. */
  readonly negativeTtlMs: number;
  /** By how much the times of an entry differ from these, at random: 0.1 is a tenth. */
  readonly jitter: number;
  /** After which part of its fresh time a value that is asked for is loaded again behind the answer. 1: never. */
  readonly eagerAt: number;
  /** How long a caller waits for the source if there is an older value, and if there is none. */
  readonly load: { readonly softMs: number; readonly hardMs: number };
  /** Whether it is also kept in Redis and in files. */
  readonly tiers: { readonly redis: boolean; readonly files: boolean };
}
