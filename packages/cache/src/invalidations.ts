import type { Scope } from './floors.ts';
import type { Stamp } from './version.ts';

/** What happens in the list of invalidations, in its order. */
export interface InvalidationListener {
  /** Floors were raised to a stamp, by this process or by another one. */
  readonly onRaised: (scopes: readonly Scope[], stamp: Stamp) => void;
  /** Some were missed, up to a stamp: what is below it may be invalid. */
  readonly onMissed: (stamp: Stamp) => void;
}

/** The list of invalidations that all processes share: each has a place in it, and everybody sees them in the same order. */
export interface Invalidations {
  /** Up to where this process has applied them. */
  seen(): Stamp;
  /** Whether what others invalidate arrives. If not, entries are kept for a short time only. */
  isLive(): boolean;
  /** Resolves with its place when it is stored. Throws UNAVAILABLE if that is not known: then it is perhaps stored. */
  raise(scopes: readonly Scope[]): Promise<Stamp>;
}
