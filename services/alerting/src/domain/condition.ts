import type { Signals } from '@odograph/kernel/signal';

/** Whether a condition holds. `unknown`: a signal that it needs has not come yet; `error`: it cannot be evaluated. */
export type Truth = boolean | 'unknown' | 'error';

/** A moment of one vehicle at which its conditions are evaluated. Moments come in the order of their time. */
export interface Moment {
  /** Unix time in milliseconds: event time; log time in a rule about absence. */
  readonly atMs: number;
  /** The newest value of each signal up to this moment. */
  readonly latest: Signals;
  /** What the vehicle reported for this moment; nothing if only time has passed. */
  readonly came: Signals;
  /** How long the vehicle has not reported, by the clock of the log. Time in which the log itself stood does not count. */
  readonly silentMs: number;
}

/**
 * What a rule waits for. Its state is plain data, one for each vehicle, which `evaluate` changes in place: it is copied for
 * snapshots, stored as JSON and compared by its bytes. The same moments give the same states and answers.
 */
export interface Condition<State = unknown> {
  /** What it looks at: names of signals. */
  readonly signals: readonly string[];
  /** Null if it knows nothing from one moment to the next. */
  initial(): State;
  evaluate(state: State, moment: Moment): Truth;
}

/** A condition whose state only it knows. */
// biome-ignore lint/suspicious/noExplicitAny: of a list of conditions, each gets back the state that it has made.
export type AnyCondition = Condition<any>;

/** What some conditions look at, each name once. */
export const signalsOf = (conditions: readonly AnyCondition[]): readonly string[] => [
  ...new Set(conditions.flatMap(({ signals }) => signals)),
];

/** A condition without a state. */
export function stateless(evaluate: (moment: Moment) => Truth): Condition<null> {
  return { signals: [], initial: () => null, evaluate: (_, moment) => evaluate(moment) };
}
