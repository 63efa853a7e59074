import type { Version } from './version.ts';

/** Which level an answer came from. */
export type Level = 'memory' | 'redis' | 'files' | 'source';

/** Why an answer is not fresh: its source was too slow, or failed. */
export type StaleReason = 'slow' | 'failed';

/** What a cache answers. */
export interface Answer<Value> {
  /** Undefined: the source has no value for this key. */
  readonly value: Value | undefined;
  readonly version: Version;
  readonly tags: readonly string[];
  readonly from: Level;
  /** Since the value was read from its source, in milliseconds. */
  readonly ageMs: number;
  /** Undefined: it is fresh. */
  readonly staleBecause: StaleReason | undefined;
}

/** What a source gives: the value, and how far the source had come when it began to read it. */
export interface Loaded<Value> {
  readonly value: Value | undefined;
  readonly version: Version;
  readonly tags?: readonly string[];
  /** `feed` if what follows the log keeps it fresh from now on. Default: `load`. */
  readonly writer?: 'load' | 'feed';
  /** False: it is answered to those who wait for it, and not kept. Default: true. */
  readonly mayKeep?: boolean;
}

/**
 * Reads a value from its source, which must reflect at least a version.
 * The signal is aborted when the last caller has left, or when it takes too long.
 */
export type Load<Value> = (signal: AbortSignal, atLeast: Version) => Promise<Loaded<Value>>;

/** Reads the values of several keys. One that is not in its result is not known. */
export type LoadMany<Value> = (
  keys: readonly string[],
  signal: AbortSignal,
) => Promise<ReadonlyMap<string, Loaded<Value>>>;
