import type { SignalValue } from '@odograph/kernel/signal';
import type { RecordedSample } from '@odograph/projections/recorded-sample';
import { factOf, type LaneFact } from './lane-state.ts';
import { type AlertState, advance, carriedOver, initialState } from './lifecycle.ts';
import type { Rule } from './rule.ts';

/** What the rules about absence know of one vehicle: plain data, of which nothing is kept without such a rule. */
export interface AbsenceState {
  rules: { readonly id: string; readonly fingerprint: string; readonly alert: AlertState }[];
  latest: Record<string, SignalValue>;
  /** The latest observed time: older values do not replace newer ones. */
  newestMs: number;
}

/** The newest values of a vehicle, as its other rules have them. */
type Newest = Pick<AbsenceState, 'latest' | 'newestMs'>;

/** A time of the log, and how long the vehicle has been silent then. */
export interface LogMoment {
  readonly atMs: number;
  readonly silentMs: number;
}

/** The rules about absence of a vehicle. They go by the clock of the log, in which nothing comes late. */
export class AbsenceRules {
  readonly #rules: readonly Rule[];

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
  }

  initial(): AbsenceState {
    return { rules: this.#rules.map(newOf), latest: {}, newestMs: 0 };
  }

  /** Continues with what other rules, or other revisions of these, know of a vehicle. An alert goes on if the next tick does not end it. */
  continue(state: AbsenceState, atMs: number, newest: Newest | undefined): readonly LaneFact[] {
    const before = state.rules;
    if (before.length === 0 && newest) {
      state.latest = { ...newest.latest };
      state.newestMs = newest.newestMs;
    }
    state.rules = this.#rules.map((rule) => {
      const known = before.find(({ id }) => id === rule.id);
      if (known?.fingerprint === rule.fingerprint) return known;
      const { id, fingerprint, lifecycle } = rule;
      return known ? { id, fingerprint, alert: carriedOver(lifecycle, known.alert) } : newOf(rule);
    });
    return before.flatMap(({ id: rule, alert: { alert, isPendingTold, sinceMs } }): LaneFact[] => {
      if (this.#rules.some(({ id }) => id === rule)) return [];
      if (isPendingTold) return [{ rule, fact: { kind: 'subsided', atMs, id: sinceMs } }];
      return alert ? [{ rule, fact: { kind: 'resolved', atMs, id: alert.id, because: 'removed' } }] : [];
    });
  }

  /** Takes the samples of a report. Without a rule nothing is kept of them. */
  take(state: AbsenceState, samples: readonly RecordedSample[], moment: LogMoment): readonly LaneFact[] {
    if (this.#rules.length === 0) return NOTHING;
    for (const { observedAtMs, signals } of samples) {
      if (observedAtMs < state.newestMs) continue;
      state.newestMs = observedAtMs;
      for (const name in signals) state.latest[name] = signals[name] as SignalValue;
    }
    return this.pass(state, moment);
  }

  /** Time has passed. */
  pass({ rules, latest }: AbsenceState, moment: LogMoment): readonly LaneFact[] {
    if (rules.length === 0) return NOTHING;
    const facts: LaneFact[] = [];
    for (const [index, { alert }] of rules.entries()) {
      const rule = this.#rules[index] as Rule;
      for (const fact of advance(rule.lifecycle, alert, { ...moment, latest, came: {} }))
        facts.push(factOf(rule, fact, latest));
    }
    return facts;
  }
}

const NOTHING: readonly LaneFact[] = [];

const newOf = ({ id, fingerprint, lifecycle }: Rule): AbsenceState['rules'][number] => {
  return { id, fingerprint, alert: initialState(lifecycle) };
};
