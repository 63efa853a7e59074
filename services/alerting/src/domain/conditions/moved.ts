import type { AnyCondition, Condition } from '../condition.ts';
import { type DistanceM, type Fix, type Fixes, LOCATION_SIGNALS, locationIn, takeFix } from '../location.ts';

export interface MovedOptions {
  readonly overM: number;
  /** The vehicle must not move while this holds. */
  readonly while: AnyCondition;
  readonly distanceM: DistanceM;
}

interface State extends Fixes {
  while: unknown;
  /** Where the vehicle was when the condition began to hold. */
  anchor: Fix | null;
  isMoved: boolean;
}

/** Holds if a vehicle is far from where it was when another condition began to hold, until that holds no longer. */
export function moved({ overM, while: isHeld, distanceM }: MovedOptions): Condition<State> {
  return {
    signals: [...new Set([...LOCATION_SIGNALS, ...isHeld.signals])],
    initial: () => ({ last: null, suspect: null, while: isHeld.initial(), anchor: null, isMoved: false }),
    evaluate(state, moment) {
      const held = isHeld.evaluate(state.while, moment);
      const location = locationIn(moment.came);
      if (location && takeFix(state, { ...location, atMs: moment.atMs }, distanceM) === 'suspect')
        return state.isMoved;
      if (held === false) {
        state.anchor = null;
        state.isMoved = false;
      }
      if (held !== true) return held;
      // Where it was before counts: it may be carried away before it reports again.
      state.anchor ??= state.last;
      if (state.anchor && state.last) state.isMoved ||= distanceM(state.anchor, state.last) > overM;
      return state.anchor ? state.isMoved : 'unknown';
    },
  };
}
