import type { ConnectionLimits } from './generated/odograph/telemetry/v1/telemetry_ingest.ts';
import { encodeReport, type Report } from './wire.ts';

/** An item of a source: a report, and whatever else the caller keeps with it, such as a row number. */
export interface Sendable {
  readonly report: Report;
}

/** An item without an outcome. */
export interface Entry<Item> {
  readonly item: Item;
  /** The report, encoded once however often it is sent. */
  readonly bytes: Uint8Array;
  /** How often it was sent. */
  attempts: number;
}

export type Batch<Item> = readonly Entry<Item>[];

/** Bytes that a message adds to those of its reports, at most. */
const BYTES_A_MESSAGE = 32;
/** Bytes that it adds for each report, at most. */
const BYTES_A_REPORT = 8;

export function entryOf<Item extends Sendable>(item: Item): Entry<Item> {
  return { item, bytes: encodeReport(item.report), attempts: 0 };
}

/** How many reports of a batch, from the first on, fit into one message. */
export function countFitting(batch: Batch<unknown>, { maxReports, maxBytes }: ConnectionLimits): number {
  let bytes = BYTES_A_MESSAGE;
  const overflow = batch.findIndex((entry, at) => {
    bytes += entry.bytes.length + BYTES_A_REPORT;
    return at >= Math.max(1, maxReports) || bytes > maxBytes;
  });
  return overflow < 0 ? batch.length : overflow;
}
