import type { StoredEntry } from './entry-bytes.ts';
import type { Version } from './version.ts';

/** What became of a write: stored; refused because a floor is above it, a newer value is there, its lease was lost, or there is no room. */
export type WriteOutcome = 'stored' | 'below' | 'older' | 'lease' | 'full';

/** An entry of a tier, and how long ago it was stored there. */
export interface FoundEntry {
  readonly entry: StoredEntry;
  readonly ageMs: number;
}

/**
 * A level of the cache outside of the memory of the process. Whatever the order in which calls reach it, a newer value is not
 * replaced by an older one, and none is stored below a floor. All methods throw if the tier does not answer.
 */
export interface Tier {
  readonly name: 'redis' | 'files';
  /** The entry of each key; undefined where there is none. */
  read(keys: readonly string[]): Promise<readonly (FoundEntry | undefined)[]>;
  /** @param lease the token of a lease, without which the write is refused */
  write(key: string, entry: StoredEntry, lease?: string): Promise<WriteOutcome>;
  /** Raises the floors of a key, and removes its entry if that is below them. */
  raise(key: string, floors: Version): Promise<void>;
}
