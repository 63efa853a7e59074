import type { SilenceFact } from '@odograph/kernel/alert-event';
import type { Decider } from '@odograph/kernel/decider';

/** Which alerts receivers do not hear of, and when. An empty list names all. */
export type SilenceTerms = Omit<Extract<SilenceFact, { readonly type: 'SilenceSet' }>, 'type'>;

export type SilenceCommand =
  | ({ readonly type: 'SetSilence' } & SilenceTerms)
  | { readonly type: 'EndSilence'; readonly by: string };

export interface SilenceState {
  /** Undefined before it is set. */
  readonly terms: SilenceTerms | undefined;
  readonly endedBy: string | undefined;
}

/** What a silence looks at of an alert. */
export interface Silenceable {
  readonly rule: string;
  readonly vehicleId: string;
  readonly fleet: string;
  readonly severity: string;
}

/** The longest time for which a silence may be set, in milliseconds: a year. */
export const LONGEST_SILENCE_MS = 366 * 24 * 3_600_000;

/** The rules about silences. */
export const silenceDecider: Decider<SilenceCommand, SilenceState, SilenceFact> = {
  initial: { terms: undefined, endedBy: undefined },

  decide(command, { terms, endedBy }) {
    if (command.type === 'SetSilence') {
      const { type: _, ...wanted } = command;
      return { type: 'SilenceSet', ...wanted };
    }
    if (terms && endedBy === undefined) return { type: 'SilenceEnded', by: command.by };
    const description = 'has ended already';
    const findings = [{ field: 'silence_id', reason: 'ENDED', description }];
    return { rejected: 'RULE_VIOLATED', message: `the silence ${description}`, findings };
  },

  evolve(state, fact) {
    if (fact.type === 'SilenceEnded') return { ...state, endedBy: fact.by };
    const { rules, vehicles, fleets, severities, startsAtMs, endsAtMs, by, comment } = fact;
    return {
      terms: { rules, vehicles, fleets, severities, startsAtMs, endsAtMs, by, comment },
      endedBy: undefined,
    };
  },
};

/** Whether a silence is for an alert at a time. */
export function isSilenced({ terms, endedBy }: SilenceState, alert: Silenceable, atMs: number): boolean {
  if (!terms || endedBy !== undefined || atMs < terms.startsAtMs || atMs >= terms.endsAtMs) return false;
  return isMeant(terms, alert);
}

/** Whether the terms of a silence name an alert, whenever that is. */
export function isMeant(terms: SilenceTerms, { rule, vehicleId, fleet, severity }: Silenceable): boolean {
  const names = (list: readonly string[], own: string) => list.length === 0 || list.includes(own);
  return (
    names(terms.rules, rule) &&
    names(terms.vehicles, vehicleId) &&
    names(terms.fleets, fleet) &&
    names(terms.severities, severity)
  );
}
