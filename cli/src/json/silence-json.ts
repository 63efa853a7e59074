import type { Silence } from '@odograph/client/alert';
import { isoTime } from '@odograph/kernel/iso-time';

/** A silence, as `odograph silences list --json` prints it. An empty list names all. */
export function silenceJson({ id, terms, by, comment, endedBy, version }: Silence) {
  const { rules, vehicles, fleets, severities, startsAtMs, endsAtMs } = terms;
  return {
    ...{ id, rules, vehicles, fleets, severities },
    ...{ starts_at: isoTime(startsAtMs), ends_at: isoTime(endsAtMs), by, comment },
    ...{ ended_by: endedBy === '' ? null : endedBy, version },
  };
}

export type SilenceJson = ReturnType<typeof silenceJson>;
