import { Fault } from '@odograph/kernel/fault';
import { formatPosition } from '@odograph/kernel/position';
import { visible } from '@odograph/kernel/visible';
import { note } from '../terminal/output.ts';
import type { OnRejected, Totals } from './tally.ts';

/** Rejected rows that people get a line for. */
const SHOWN = 10;

/** The last line of `odograph replay --json`; docs/cli.md explains its fields. */
export function outcomeJson(totals: Totals, seconds: number): object {
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

export function outcomeInWords(totals: Totals, seconds: number): string {
  const { sent, accepted, acceptedInPart, quarantined, rejected } = totals;
  const rate = seconds > 0 ? Math.round(sent / seconds) : sent;
  const inPart = acceptedInPart > 0 ? ` (${counted(acceptedInPart)} in part)` : '';
  return (
    `${counted(sent)} rows in ${seconds.toFixed(1)} s (${counted(rate)}/s): ` +
    `${counted(accepted)} accepted${inPart}, ${counted(quarantined)} quarantined, ${counted(rejected)} rejected`
  );
}

/** Prints rejected rows on stderr: for programs each, for people the first few. */
export function createRejections(isJson: boolean, print = note): { readonly add: OnRejected; end(): void } {
  let count = 0;
  return {
    add: (row, reason) => {
      count += 1;
      if (isJson) print(JSON.stringify({ rejected: { row, reason } }));
      else if (count <= SHOWN) print(`line ${row}: ${visible(reason)}`);
    },
    end: () => {
      if (!isJson && count > SHOWN) print(`and ${counted(count - SHOWN)} more rejected rows`);
    },
  };
}

/** Throws a Fault INVALID_INPUT if no row of a file was taken: it is not what the command was given it for. */
export function assertTaken(file: string, { rows, rejected }: { rows: number; rejected: number }): void {
  if (rejected < rows) return;
  const name = file === '-' ? 'standard input' : file;
  const why =
    rows === 0 ? 'it has no row' : `all rows were rejected (${counted(rows)}), for the reasons above`;
  throw new Fault('INVALID_INPUT', `nothing of ${name} was taken: ${why}`);
}

function counted(count: number): string {
  return count.toLocaleString('en-US');
}
