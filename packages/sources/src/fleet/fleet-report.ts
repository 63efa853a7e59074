import { contentHash } from '@odograph/contracts/canonical';
import { VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';

/** What the platform must do with a report. */
export type ReportKind =
  /** Accept it. */
  | 'plain'
  /** Accept it; it was observed long before the vehicle's other reports. */
  | 'late'
  /** Accept it without the signals that are not believable. */
  | 'partly-believable'
  /** Quarantine it: none of its signals is believable. */
  | 'unbelievable'
  /** Accept it; it has the key of an earlier report and other content. */
  | 'conflicting'
  /** Reject it. */
  | 'unreadable';

/** A report of a fleet. Bytes and identity are computed on first use. */
export interface FleetReport {
  readonly kind: ReportKind;
  readonly vehicleId: string;
  readonly report: VehicleReport;
  readonly bytes: Uint8Array;
  /** Unique in the fleet, also among reports with the same key: see {@link reportIdentity}. */
  readonly identity: string;
}

/** The same for a report and for its event in the log: vehicle, report id and content. */
export function reportIdentity(vehicleId: string, reportId: string, hash: Uint8Array): string {
  return `${vehicleId} ${reportId} ${Buffer.from(hash).toString('hex')}`;
}

export function fleetReport(kind: ReportKind, report: VehicleReport): FleetReport {
  return new LazyReport(kind, report);
}

class LazyReport implements FleetReport {
  readonly kind: ReportKind;
  readonly report: VehicleReport;
  #bytes: Uint8Array | undefined;
  #identity: string | undefined;

  constructor(kind: ReportKind, report: VehicleReport) {
    this.kind = kind;
    this.report = report;
  }

  get vehicleId(): string {
    return this.report.vehicleId;
  }

  get bytes(): Uint8Array {
    this.#bytes ??= VehicleReport.encode(this.report).finish();
    return this.#bytes;
  }

  get identity(): string {
    this.#identity ??= reportIdentity(this.vehicleId, this.report.reportId, contentHash(this.report));
    return this.#identity;
  }
}
