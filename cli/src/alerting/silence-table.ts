import type { SilenceJson } from '../json/silence-json.ts';
import { textTable } from '../terminal/text-table.ts';

/** The silences for people, one a line. */
export function silencesTable(silences: readonly SilenceJson[], maxWidth: number): string {
  const head = ['silence', 'of', 'from', 'until', 'by', 'comment', ''];
  const rows = silences.map((silence) => {
    const { id, starts_at, ends_at, by, comment, ended_by } = silence;
    const end = ended_by === null ? '' : `ended by ${ended_by}`;
    return [id, termsInWords(silence), starts_at, ends_at, by, comment, end];
  });
  return textTable(head, rows, { maxWidth, yielding: ['comment', 'from', 'by'] });
}

function termsInWords({ rules, vehicles, fleets, severities }: SilenceJson): string {
  const lists = { rule: rules, vehicle: vehicles, fleet: fleets, severity: severities };
  return Object.entries(lists)
    .flatMap(([name, names]) => (names.length === 0 ? [] : [`${name} ${names.join(' or ')}`]))
    .join(', ');
}
