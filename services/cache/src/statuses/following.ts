import type { Answer } from '@odograph/cache/answer';
import { comparePositions, type Position } from '@odograph/kernel/position';

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

export type Staleness = 'log not followed' | 'source slow' | 'source failed';

/** What an answer reflects, and how old it may be. */
export interface Reflected {
  readonly position: Position;
  readonly ageMs: number;
  readonly staleBecause: Staleness | undefined;
}

interface Held {
  /** Where it was read, or written by the log. */
  readonly position: Position;
  /** Whether nothing is known that makes it invalid. */
  readonly isCurrent: boolean;
}

/** While the log has had nothing about what is answered, it reflects the log up to where that is followed. */
export function reflected(
  { ageMs, from, staleBecause }: Answer<unknown>,
  { position, isCurrent }: Held,
  following: Following,
): Reflected {
  const followed = following.positionOf(position.partition);
  const isBehind = isCurrent && comparePositions(followed, position) > 0;
  const silentMs = isCurrent ? following.silentMs(position.partition) : ageMs;
  return {
    position: isBehind ? followed : position,
    ageMs: Math.max(0, Math.min(ageMs, silentMs)),
    staleBecause: stalenessOf({ from, staleBecause }, following.isLive(position.partition)),
  };
}

function stalenessOf(
  { from, staleBecause }: Pick<Answer<unknown>, 'from' | 'staleBecause'>,
  isLive: boolean,
): Staleness | undefined {
  if (staleBecause) return staleBecause === 'slow' ? 'source slow' : 'source failed';
  return isLive || from === 'source' ? undefined : 'log not followed';
}

/** How long the log is waited for; then history is asked, which may have more of it. */
const PATIENCE_MS = 500;

/** Waits a short time until the log is followed up to a position. Gives whether it is. */
export async function reachSoon(
  following: Following,
  position: Position,
  signal: AbortSignal,
): Promise<boolean> {
  return await following.reach(position, AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]));
}
