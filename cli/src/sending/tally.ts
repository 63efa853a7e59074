import {
  type Finding,
  ReportOutcome,
  type ReportResult,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { Fault } from '@odograph/kernel/fault';
import { comparePositions, type Position } from '@odograph/kernel/position';

/** What became of the rows so far. Sent is accepted, quarantined and rejected together. */
export interface SendTotals {
  readonly sent: number;
  readonly accepted: number;
  /** Of the accepted: those of which something was set aside. */
  readonly acceptedInPart: number;
  readonly quarantined: number;
  /** With those that could not even be read. */
  readonly rejected: number;
  /** Of the rejected: rows from which no report could be made. */
  readonly unreadable: number;
  /** Reports that were sent once more because they were not acknowledged. */
  readonly resent: number;
  /** The last place of what was taken, one a partition. */
  readonly positions: readonly Position[];
}

/** Told of each row that was not taken. */
export type OnRejected = (row: number, reason: string) => void;

/** Counts what became of rows, each once. */
export class Tally {
  readonly #counts = {
    accepted: 0,
    acceptedInPart: 0,
    quarantined: 0,
    rejected: 0,
    unreadable: 0,
    resent: 0,
  };
  readonly #positions = new Map<number, Position>();
  readonly #onRejected: OnRejected;

  constructor(onRejected: OnRejected) {
    this.#onRejected = onRejected;
  }

  get totals(): SendTotals {
    const { accepted, quarantined, rejected } = this.#counts;
    const positions = [...this.#positions.values()].sort((a, b) => a.partition - b.partition);
    return { sent: accepted + quarantined + rejected, ...this.#counts, positions };
  }

  unreadable(row: number, reason: string): void {
    this.#counts.unreadable += 1;
    this.rejected(row, reason);
  }

  rejected(row: number, reason: string): void {
    this.#counts.rejected += 1;
    this.#onRejected(row, reason);
  }

  resent(reports: number): void {
    this.#counts.resent += reports;
  }

  /** Counts a report's final outcome; false where it is to be sent again. */
  settled(row: number, { outcome, position, findings }: ReportResult): boolean {
    if (outcome === ReportOutcome.UNAVAILABLE) return false;
    if (outcome === ReportOutcome.REJECTED) this.rejected(row, wordsOf(findings));
    else if (outcome === ReportOutcome.QUARANTINED) this.#counts.quarantined += 1;
    else if (outcome === ReportOutcome.ACCEPTED) this.#accepted(findings);
    else
      throw new Fault('INTERNAL', `the server answered with an outcome that is not known here: ${outcome}`);
    if (position) this.#reached(position);
    return true;
  }

  #accepted(findings: readonly Finding[]): void {
    this.#counts.accepted += 1;
    // A finding about a sample means that something of it was set aside; others are remarks.
    if (findings.some(({ field }) => field.startsWith('samples['))) this.#counts.acceptedInPart += 1;
  }

  #reached(position: Position): void {
    const last = this.#positions.get(position.partition);
    if (!last || comparePositions(last, position) < 0) this.#positions.set(position.partition, position);
  }
}

/** Findings in one line. */
export function wordsOf(
  findings: readonly { readonly field: string; readonly description: string }[],
): string {
  return (
    findings.map(({ field, description }) => `${field}: ${description}`).join('; ') || 'no reason was given'
  );
}
