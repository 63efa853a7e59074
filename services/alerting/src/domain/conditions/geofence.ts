import type { Condition, Truth } from '../condition.ts';
import {
  type DistanceM,
  type Fixes,
  LOCATION_SIGNALS,
  type Location,
  locationIn,
  takeFix,
} from '../location.ts';

/** An area on the map. */
export interface Fence {
  /** How far a location is from the border: positive inside, negative outside. */
  depthM(at: Location): number;
  /** Whether the straight way between two locations comes so far inside. */
  isEnteredBetween(from: Location, to: Location, depthM: number): boolean;
}

/**
 * When it holds. `inside`, `outside`: where the vehicle is. `enter`, `exit`: the same, after it was seen on the other side.
 * `cross`: at the moment at which it is on the other side, or has been there between two fixes. `dwell`: after some time inside.
 */
export type GeofenceTrigger = 'inside' | 'outside' | 'enter' | 'exit' | 'cross' | 'dwell';

export interface GeofenceOptions {
  readonly fence: Fence;
  readonly on: GeofenceTrigger;
  /** Nearer to the border, it is not known on which side the vehicle is, and it counts as where it was. */
  readonly marginM: number;
  /** Of `dwell`: how long inside. */
  readonly dwellMs?: number;
  readonly distanceM: DistanceM;
}

interface State extends Fixes {
  side: 'inside' | 'outside' | null;
  /** Since when, by the first fix there. */
  sinceMs: number;
  /** Whether it has come from the other side. */
  hasChanged: boolean;
  /** Whether the last fix brought a change, or a visit between two fixes. */
  isCrossing: boolean;
  isVisit: boolean;
}

export function geofence(options: GeofenceOptions): Condition<State> {
  const truthOf = TRUTHS[options.on];
  return {
    signals: LOCATION_SIGNALS,
    initial: () => ({
      ...{ last: null, suspect: null, side: null, sinceMs: 0 },
      ...{ hasChanged: false, isCrossing: false, isVisit: false },
    }),
    evaluate(state, { atMs, came }) {
      state.isCrossing = false;
      state.isVisit = false;
      const location = locationIn(came);
      if (location) move(state, { ...location, atMs }, options);
      return state.side === null ? 'unknown' : truthOf(state, atMs, options);
    },
  };
}

function move(
  state: State,
  fix: Location & { readonly atMs: number },
  { fence, marginM, distanceM }: GeofenceOptions,
) {
  const before = state.last;
  const kind = takeFix(state, fix, distanceM);
  if (kind === 'suspect') return;
  const depthM = fence.depthM(fix);
  if (Math.abs(depthM) >= marginM) changeTo(state, depthM > 0 ? 'inside' : 'outside', fix.atMs);
  // A way that begins and ends outside may have led through it.
  if (kind === 'next' && before && state.side === 'outside' && !state.isCrossing)
    state.isVisit = fence.isEnteredBetween(before, fix, marginM);
}

function changeTo(state: State, side: NonNullable<State['side']>, atMs: number): void {
  if (side === state.side) return;
  // The first fix says where the vehicle is, and not how it came there.
  state.hasChanged = state.side !== null;
  state.isCrossing = state.hasChanged;
  state.side = side;
  state.sinceMs = atMs;
}

type TruthOf = (state: State, atMs: number, options: GeofenceOptions) => Truth;

const TRUTHS: { readonly [Trigger in GeofenceTrigger]: TruthOf } = {
  inside: ({ side }) => side === 'inside',
  outside: ({ side }) => side === 'outside',
  enter: ({ side, hasChanged, isVisit }) => (side === 'inside' && hasChanged) || isVisit,
  exit: ({ side, hasChanged }) => side === 'outside' && hasChanged,
  cross: ({ isCrossing, isVisit }) => isCrossing || isVisit,
  dwell: ({ side, sinceMs }, atMs, { dwellMs = 0 }) => side === 'inside' && atMs - sinceMs >= dwellMs,
};
