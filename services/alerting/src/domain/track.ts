import { type Episode, type Names, named } from './episodes.ts';
import { type AlertState, initialState, isAtRest } from './lifecycle.ts';
import type { Lifecycle, Rule } from './rule.ts';

/** What is known of one rule for one vehicle: plain data. */
export interface Track {
  alert: AlertState;
  /** The alerts that samples which come late may still change, in their order. */
  episodes: Episode[];
}

/** Null where the state is the initial one: of most rules of most vehicles, there is nothing to know. */
export type TrackOrNull = Track | null;

export function nothingKnown({ lifecycle }: Pick<Rule, 'lifecycle'>): Track {
  return { alert: initialState(lifecycle), episodes: [] };
}

/** Null if it says no more than the initial state at this time. */
export function orNull({ lifecycle }: Pick<Rule, 'lifecycle'>, track: Track, atMs: number): TrackOrNull {
  return track.episodes.length === 0 && isAtRest(lifecycle, track.alert, atMs) ? null : track;
}

/** The track with its alerts under the names by which they are known. */
export function underNames(track: Track, names: Names): Track {
  return { alert: track.alert, episodes: named(track.episodes, names) };
}

/** Whether the conditions of a rule know nothing from one moment to the next. */
export function isStateless(lifecycle: Lifecycle): boolean {
  const { levels, clear } = initialState(lifecycle);
  return clear === null && levels.every((state) => state === null);
}
