import { type AnyCondition, type Condition, signalsOf, type Truth } from '../condition.ts';

export interface SequenceOptions {
  readonly first: AnyCondition;
  /** Must begin to hold after a moment at which the first one held. */
  readonly next: AnyCondition;
  /** How long after that moment, at most. */
  readonly withinMs: number;
  /** If this one holds in between, the first one must hold again. */
  readonly without?: AnyCondition | undefined;
}

interface State {
  first: unknown;
  next: unknown;
  without: unknown;
  /** The last moment at which the first condition held, if what may not happen has not happened since. */
  firstAtMs: number | null;
  /** Whether the next one held at the last moment at which that is known. */
  isNextHeld: boolean;
  /** Whether the sequence was seen, and its last condition still holds. */
  isSeen: boolean;
}

/** Holds from the moment at which the second condition begins to hold, in time after the first, until it holds no longer. */
export function sequence({ first, next, withinMs, without }: SequenceOptions): Condition<State> {
  return {
    signals: signalsOf(without ? [first, next, without] : [first, next]),
    initial: () => ({
      ...{ first: first.initial(), next: next.initial(), without: without?.initial() ?? null },
      ...{ firstAtMs: null, isNextHeld: false, isSeen: false },
    }),
    evaluate(state, moment) {
      const firstHolds = first.evaluate(state.first, moment);
      const nextHolds = next.evaluate(state.next, moment);
      const withoutHolds = without?.evaluate(state.without, moment) ?? false;
      if (withoutHolds === true) state.firstAtMs = null;
      takeNext(state, nextHolds, moment.atMs, withinMs);
      // After the second one was looked at: both at one moment are not one after the other.
      if (firstHolds === true && withoutHolds !== true) state.firstAtMs = moment.atMs;
      if (state.isSeen) return true;
      return [firstHolds, nextHolds, withoutHolds].includes('error') ? 'error' : false;
    },
  };
}

function takeNext(state: State, holds: Truth, atMs: number, withinMs: number): void {
  if (typeof holds !== 'boolean') return;
  const begins = holds && !state.isNextHeld;
  if (begins && state.firstAtMs !== null && atMs - state.firstAtMs <= withinMs) state.isSeen = true;
  if (!holds) state.isSeen = false;
  state.isNextHeld = holds;
}
