import type { SignalValue } from '@odograph/kernel/signal';
import type { RecordedSample, SampleKey } from '@odograph/projections/recorded-sample';
import type { Revision } from './episodes.ts';
import type { AlertFact } from './lifecycle.ts';
import type { Rule } from './rule.ts';
import type { TrackOrNull } from './track.ts';

/** What the rules of a lane know of one vehicle: plain data. */
export interface LaneState {
  /** The rules that it knows, in their order. */
  rules: { readonly id: string; readonly fingerprint: string }[];
  /** The latest observed time of a sample; null before the first. */
  newestMs: number | null;
  /** Up to where samples were evaluated: one before it is late. */
  evaluatedTo: SampleKey;
  /** Samples that others may still come before, in their order. */
  waiting: RecordedSample[];
  evaluated: Evaluated;
  past: Past;
  /** Samples that came too late to be evaluated in their place. */
  late: LateRun | null;
}

/** What the rules made of the samples so far. */
export interface Evaluated {
  latest: Record<string, SignalValue>;
  /** One for each rule of the lane. */
  tracks: TrackOrNull[];
}

/** What was evaluated last, so that it can be evaluated again with a sample that came late. */
export interface Past {
  /** In their order. */
  samples: RecordedSample[];
  /** The older first. The first one is from before all of the samples. */
  snapshots: Snapshot[];
}

export interface Snapshot extends Evaluated {
  /** The last sample that it includes. */
  to: SampleKey;
  /** How many of the samples of the past it includes. */
  count: number;
}

/** A stretch of samples far behind the others, which are evaluated by themselves. */
export interface LateRun extends Evaluated {
  evaluatedMs: number;
  /** The newest time of the vehicle when the last one came. */
  cameMs: number;
}

/** What happened to the alerts of a rule. */
export type LaneFact = { readonly rule: string } & (
  | { readonly fact: AlertFact; readonly values?: Readonly<Record<string, SignalValue>> }
  | { readonly revision: Revision }
  | { readonly rejected: { readonly observedAtMs: number } }
);

/** What happened to an alert; if it has fired, with what its rule looked at. */
export function factOf(
  { id: rule, signals }: Pick<Rule, 'id' | 'signals'>,
  fact: AlertFact,
  latest: Readonly<Record<string, SignalValue>>,
): LaneFact {
  if (fact.kind !== 'fired') return { rule, fact };
  const values = Object.fromEntries(
    signals.flatMap((name) => (Object.hasOwn(latest, name) ? [[name, latest[name] as SignalValue]] : [])),
  );
  return { rule, fact, values };
}

/** Before any sample. */
export const FROM_THE_START: SampleKey = { observedAtMs: -1, reportId: '' };
