import {
  ReportOutcome,
  type ReportResult,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { Fault } from '@odograph/kernel/fault';
import type { Position } from '@odograph/kernel/position';
import type { FleetReport } from '@odograph/sources/scripted/fleet';

/** What a sender was told of a report. */
export type Told = 'nothing' | 'accepted' | 'quarantined' | 'rejected';

/** Everything that happened to one report, from its sender's side. Times are ticks of the ledger's own clock. */
export interface LedgerEntry {
  readonly sent: FleetReport;
  readonly firstSentAt: number;
  timesSent: number;
  told: Told;
  /** When it was told first; undefined while it was told nothing. */
  toldAt: number | undefined;
  /** Whether the first sending was acknowledged: then it lies where that sending put it. */
  isFirstTry: boolean;
  /** Where it lies by the first acknowledgement. */
  position: Position | undefined;
}

/** Remembers every report and every acknowledgement, to be held against the log. */
export class Ledger {
  readonly #entries = new Map<string, LedgerEntry>();
  #now = 0;

  /** A report is about to be sent, for the first time or again. */
  sending(report: FleetReport): void {
    const at = this.#tick();
    const known = this.#entries.get(report.identity);
    if (known) known.timesSent += 1;
    else this.#entries.set(report.identity, begun(report, at));
  }

  /** A result came for it. Throws when it contradicts what was told before. */
  told(report: FleetReport, { outcome, position }: ReportResult): void {
    const entry = this.#entries.get(report.identity);
    const told = TOLD[outcome];
    if (!entry || told === undefined) throw new Fault('INTERNAL', `no result can be ${outcome}`);
    if (told === 'nothing') return;
    if (entry.told === 'nothing') {
      entry.toldAt = this.#tick();
      entry.position = position;
      entry.isFirstTry = entry.timesSent === 1;
    } else if (entry.told !== told) {
      throw new Fault('INTERNAL', `${report.identity} was ${entry.told}, and is ${told} when sent again`);
    }
    entry.told = told;
  }

  /** Where a report lies by its first acknowledgement. */
  positionOf({ identity }: FleetReport): Position | undefined {
    return this.#entries.get(identity)?.position;
  }

  entries(): readonly LedgerEntry[] {
    return [...this.#entries.values()];
  }

  /** Those it was said of that they are on disk. */
  acknowledged(): readonly LedgerEntry[] {
    return this.entries().filter(isAcknowledged);
  }

  #tick(): number {
    this.#now += 1;
    return this.#now;
  }
}

export const isAcknowledged = ({ told }: LedgerEntry): boolean =>
  told === 'accepted' || told === 'quarantined';

const TOLD: Partial<Record<ReportOutcome, Told>> = {
  [ReportOutcome.ACCEPTED]: 'accepted',
  [ReportOutcome.QUARANTINED]: 'quarantined',
  [ReportOutcome.REJECTED]: 'rejected',
  [ReportOutcome.UNAVAILABLE]: 'nothing',
};

function begun(sent: FleetReport, at: number): LedgerEntry {
  return {
    ...{ sent, firstSentAt: at, timesSent: 1 },
    ...{ told: 'nothing', toldAt: undefined, isFirstTry: false, position: undefined },
  };
}
