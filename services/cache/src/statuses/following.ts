import type { Answer } from '@odograph/cache/answer';
import { Fault } from '@odograph/kernel/fault';
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

/** After how long it is seen whether the log is still followed. */
const LOOK_EVERY_MS = 500;

/**
 * Waits until the log is followed up to a position. False: it is not followed now, and history may have more of it.
 * While it is, history has no more either; so a position that the log does not have costs history nothing.
 * @throws {Fault} DEADLINE when the signal is aborted first
 */
export async function reachOrAsk(
  following: Following,
  position: Position,
  signal: AbortSignal,
): Promise<boolean> {
  do {
    const looking = AbortSignal.any([signal, AbortSignal.timeout(LOOK_EVERY_MS)]);
    if (await following.reach(position, looking)) return true;
    if (signal.aborted) throw notReached(following, [position]);
  } while (following.isLive(position.partition));
  return false;
}

export function notReached(following: Following, positions: readonly Position[]): Fault {
  const behind = positions.flatMap(({ partition, sequence }) => {
    const at = following.positionOf(partition).sequence;
    return at < sequence ? `partition ${partition} is at ${at}, not yet at ${sequence}` : [];
  });
  return new Fault('DEADLINE', `the cache follows the log: ${behind.join('; ')}: retry later`);
}
