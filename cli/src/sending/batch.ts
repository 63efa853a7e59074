import { VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';

/** A row that can be sent, and its size on the wire. */
export interface SendableRow {
  readonly row: number;
  readonly report: VehicleReport;
  readonly bytes: number;
}

/** Rows that are sent together. */
export interface Batch {
  readonly rows: readonly SendableRow[];
  /** Not to be sent before: Unix time in milliseconds. */
  readonly notBeforeMs: number;
}

/** What a batch may have. */
export interface BatchLimits {
  readonly maxReports: number;
  /** Of the whole message. */
  readonly maxBytes: number;
}

/** A tag and a length for each report. */
const BYTES_A_REPORT = 8;
/** The message around them, with its number. */
const BYTES_A_BATCH = 32;

export function sendable(row: number, report: VehicleReport): SendableRow {
  return { row, report, bytes: VehicleReport.encode(report).finish().length + BYTES_A_REPORT };
}

/** How many rows, from the first on, fit into one batch. */
export function fittingRows(rows: readonly SendableRow[], { maxReports, maxBytes }: BatchLimits): number {
  let bytes = BYTES_A_BATCH;
  const tooMany = rows.findIndex((row, at) => {
    bytes += row.bytes;
    return at >= maxReports || bytes > maxBytes;
  });
  return tooMany < 0 ? rows.length : tooMany;
}

/** Two halves of a batch that was refused as a whole, to find out which of its rows is at fault. */
export function halves({ rows, notBeforeMs }: Batch): readonly Batch[] {
  const middle = Math.ceil(rows.length / 2);
  return [rows.slice(0, middle), rows.slice(middle)].map((half) => ({ rows: half, notBeforeMs }));
}
