import {
  ReportOutcome,
  type ReportResult,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { Fault } from '@odograph/kernel/fault';
import type { Position } from '@odograph/kernel/position';
import type { FleetReport } from '@odograph/sources/fleet/fleet-report';

/** What the sender of a report knows: its outcome, or `unknown` until it has an answer. */
export type Outcome = 'unknown' | 'accepted' | 'quarantined' | 'rejected';

/** The history of one report as its sender knows it. Times are ticks of the ledger's own clock. */
export interface LedgerEntry {
  readonly sent: FleetReport;
  readonly firstSentAt: number;
  timesSent: number;
  outcome: Outcome;
  /** The time of the first answer. */
  answeredAt: number | undefined;
  /** The first attempt was acknowledged, so the report is where that attempt put it. */
  isFirstTry: boolean;
  /** Its position according to the first acknowledgement. */
  position: Position | undefined;
}

/** Remembers every report and every acknowledgement, to compare them with the log. */
export class Ledger {
  readonly #entries = new Map<string, LedgerEntry>();
  #now = 0;

  /** Call before each attempt to send a report. */
  recordAttempt(report: FleetReport): void {
    const at = this.#tick();
    const known = this.#entries.get(report.identity);
    if (known) known.timesSent += 1;
    else this.#entries.set(report.identity, newEntry(report, at));
  }

  /** Call with each result. Throws if it contradicts an earlier result of the same report. */
  recordResult(report: FleetReport, result: ReportResult): void {
    const entry = this.#entries.get(report.identity);
    const outcome = OUTCOMES[result.outcome];
    if (!entry) throw new Fault('INTERNAL', `${report.identity} has a result, but was not sent`);
    if (outcome === undefined)
      throw new Fault('INTERNAL', `${report.identity} has outcome ${result.outcome}`);
    if (outcome === 'unknown') return;
    if (entry.outcome === 'unknown') {
      entry.answeredAt = this.#tick();
      entry.position = result.position;
      entry.isFirstTry = entry.timesSent === 1;
    } else if (entry.outcome !== outcome) {
      throw new Fault(
        'INTERNAL',
        `${report.identity} was ${entry.outcome}; sent again, it was ${outcome}. Both must be the same`,
      );
    }
    entry.outcome = outcome;
  }

  /** The position of a report according to its first acknowledgement. */
  positionOf({ identity }: FleetReport): Position | undefined {
    return this.#entries.get(identity)?.position;
  }

  entries(): readonly LedgerEntry[] {
    return [...this.#entries.values()];
  }

  /** Reports whose sender knows that they are on disk. */
  acknowledged(): readonly LedgerEntry[] {
    return this.entries().filter(isAcknowledged);
  }

  #tick(): number {
    this.#now += 1;
    return this.#now;
  }
}

export const isAcknowledged = ({ outcome }: LedgerEntry): boolean =>
  outcome === 'accepted' || outcome === 'quarantined';

const OUTCOMES: Partial<Record<ReportOutcome, Outcome>> = {
  [ReportOutcome.ACCEPTED]: 'accepted',
  [ReportOutcome.QUARANTINED]: 'quarantined',
  [ReportOutcome.REJECTED]: 'rejected',
  [ReportOutcome.UNAVAILABLE]: 'unknown',
};

function newEntry(sent: FleetReport, at: number): LedgerEntry {
  return {
    ...{ sent, firstSentAt: at, timesSent: 1 },
    ...{ outcome: 'unknown', answeredAt: undefined, isFirstTry: false, position: undefined },
  };
}
