import type { DeadLetterJson } from '../json/dead-letter-json.ts';
import { textTable } from '../terminal/text-table.ts';

/** Dead letters for people, one a line. */
export function deadLettersTable(letters: readonly DeadLetterJson[], maxWidth: number): string {
  const head = ['dead letter', 'receiver', 'since', 'tries', 'says', 'because'];
  const rows = letters.map(({ id, receiver, died_at, attempts, notices, reason }) => [
    ...[id, receiver, died_at, String(attempts), noticesInWords(notices), reason],
  ]);
  return textTable(head, rows, { maxWidth, yielding: ['since', 'tries'] });
}

function noticesInWords([first, ...others]: DeadLetterJson['notices']): string {
  if (!first) return '';
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  return `${first.rule} ${first.vehicle_id} ${first.kind}${more}`;
}
