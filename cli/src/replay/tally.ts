import {
  type Finding,
  ReportOutcome,
  type ReportResult,
} from '@odograph/client/generated/odograph/telemetry/v1/telemetry_ingest';
import { Fault } from '@odograph/kernel/fault';
import { comparePositions, type Position } from '@odograph/kernel/position';
import { findingsInWords } from '../terminal/finding-in-words.ts';

/** The outcomes of the rows so far. Sent is the sum of accepted, quarantined and rejected. */
export interface Totals {
  readonly sent: number;
  readonly accepted: number;
  /** How many of the accepted are quarantined in part. */
  readonly acceptedInPart: number;
  readonly quarantined: number;
  /** With the unreadable. */
  readonly rejected: number;
  /** How many of the rejected are rows from which no report could be made. */
  readonly unreadable: number;
  /** Reports that were sent again because they were not acknowledged. */
  readonly resent: number;
  /** The last position of what was taken, one a partition. */
  readonly positions: readonly Position[];
}

/** Called for each row that was not taken. */
export type OnRejected = (row: number, reason: string) => void;

/** Counts the outcome of each row. */
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

  get sent(): number {
    const { accepted, quarantined, rejected } = this.#counts;
    return accepted + quarantined + rejected;
  }

  get totals(): Totals {
    const positions = [...this.#positions.values()].sort((a, b) => a.partition - b.partition);
    return { sent: this.sent, ...this.#counts, positions };
  }

  unreadable(row: number, reason: string): void {
    this.#counts.unreadable += 1;
    this.#rejected(row, reason);
  }

  /** `attempts` is how often the report was sent, 0 if it fits into no message. */
  settled(row: number, { outcome, position, findings }: ReportResult, attempts: number): void {
    if (outcome === ReportOutcome.REJECTED)
      this.#rejected(row, findingsInWords(findings) || 'no reason was given');
    else if (outcome === ReportOutcome.QUARANTINED) this.#counts.quarantined += 1;
    else if (outcome === ReportOutcome.ACCEPTED) this.#accepted(findings);
    else throw new Fault('INTERNAL', `the server answered with an unknown outcome: ${outcome}`);
    this.#counts.resent += Math.max(0, attempts - 1);
    if (position) this.#reached(position);
  }

  #rejected(row: number, reason: string): void {
    this.#counts.rejected += 1;
    this.#onRejected(row, reason);
  }

  #accepted(findings: readonly Finding[]): void {
    this.#counts.accepted += 1;
    // A finding about a sample means that a part of it is quarantined; others are remarks.
    if (findings.some(({ field }) => field.startsWith('samples['))) this.#counts.acceptedInPart += 1;
  }

  #reached(position: Position): void {
    const last = this.#positions.get(position.partition);
    if (!last || comparePositions(last, position) < 0) this.#positions.set(position.partition, position);
  }
}
