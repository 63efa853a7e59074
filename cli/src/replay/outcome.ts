import { formatPosition } from '@odograph/kernel/position';
import type { OnRejected, SendTotals } from '../sending/tally.ts';
import { note } from '../terminal/output.ts';

/** Rejected rows that people are told of one by one. */
const TOLD = 10;

/** The last line of `odograph replay --json`; docs/cli.md has it in full. */
export function outcomeJson(totals: SendTotals, seconds: number): object {
  return {
    sent: totals.sent,
    accepted: totals.accepted,
    quarantined: totals.quarantined,
    rejected: totals.rejected,
    seconds,
    accepted_in_part: totals.acceptedInPart,
    unreadable: totals.unreadable,
    resent: totals.resent,
    positions: totals.positions.map(formatPosition),
  };
}

export function outcomeInWords(totals: SendTotals, seconds: number): string {
  const { sent, accepted, acceptedInPart, quarantined, rejected } = totals;
  const rate = seconds > 0 ? Math.round(sent / seconds) : sent;
  const inPart = acceptedInPart > 0 ? ` (${counted(acceptedInPart)} in part)` : '';
  return (
    `${counted(sent)} rows in ${seconds.toFixed(1)} s (${counted(rate)}/s): ` +
    `${counted(accepted)} accepted${inPart}, ${counted(quarantined)} quarantined, ${counted(rejected)} rejected`
  );
}

/** Tells of rejected rows on stderr: programs of each, people of the first few. */
export function createRejections(isJson: boolean): { readonly add: OnRejected; end(): void } {
  let count = 0;
  return {
    add: (row, reason) => {
      count += 1;
      if (isJson) note(JSON.stringify({ rejected: { row, reason } }));
      else if (count <= TOLD) note(`line ${row}: ${reason}`);
    },
    end: () => {
      if (!isJson && count > TOLD) note(`and ${counted(count - TOLD)} more rejected rows`);
    },
  };
}

function counted(count: number): string {
  return count.toLocaleString('en-US');
}
