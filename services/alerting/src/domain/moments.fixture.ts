import type { Signals } from '@odograph/kernel/signal';
import type { AnyCondition, Condition, Moment, Truth } from './condition.ts';
import type { Location } from './location.ts';

/** What a vehicle reported at a second. */
export type Came = readonly [atS: number, came: Signals];

/** The moments of samples at seconds. */
export function momentsOf(samples: readonly Came[]): Moment[] {
  let latest: Signals = {};
  return samples.map(([atS, came]) => {
    latest = { ...latest, ...came };
    return { atMs: atS * 1_000, latest, came, silentMs: 0 };
  });
}

/** What a condition says at each of the moments. */
export function truthsOf(condition: AnyCondition, moments: readonly Moment[]): Truth[] {
  const state = condition.initial();
  return moments.map((moment) => condition.evaluate(state, moment));
}

/** A condition that says what a signal is; `unknown` and `error` as texts. Unknown before the signal has come. */
export function signalIs(name: string): Condition<null> {
  return {
    signals: [name],
    initial: () => null,
    evaluate: (_, { latest }) => (latest[name] ?? 'unknown') as Truth,
  };
}

/** On a map that is flat: a degree is as long as a metre in both directions. */
export const flatDistanceM = (from: Location, to: Location): number =>
  Math.hypot(to.latitude - from.latitude, to.longitude - from.longitude);

export const at = (latitude_deg: number, longitude_deg: number): Signals => ({ latitude_deg, longitude_deg });
