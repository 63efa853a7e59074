import type { ConnectionLimits } from './generated/odograph/telemetry/v1/telemetry_ingest.ts';
import { encodeReport, type Report } from './wire.ts';

/** An item of a source: a report, and whatever else the caller keeps with it, such as a row number. */
export interface Sendable {
  readonly report: Report;
}

/** An item that has no outcome yet. */
export interface Entry<Item> {
  readonly item: Item;
  /** Its place in the source. */
  readonly place: number;
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

/** The reports that wait to be sent: those sent before go first, in the order of the source. */
export class Outbox<Item extends Sendable> {
  #places = 0;
  /** Never sent. */
  #fresh: Entry<Item>[] = [];
  readonly #again: Batch<Item>[] = [];
  /** Reports that were sent before are not taken before; a time of `performance.now()`. */
  againAtMs = 0;

  get isEmpty(): boolean {
    return this.#again.length === 0 && this.#fresh.length === 0;
  }

  get hasFresh(): boolean {
    return this.#fresh.length > 0;
  }

  add(item: Item): void {
    this.#places += 1;
    this.#fresh.push({ item, place: this.#places, bytes: encodeReport(item.report), attempts: 0 });
  }

  putBack(batch: Batch<Item>): void {
    const [first] = batch;
    if (!first) return;
    if (first.attempts === 0) {
      this.#fresh.unshift(...batch);
      return;
    }
    const later = this.#again.findIndex(([other]) => other && other.place > first.place);
    this.#again.splice(later < 0 ? this.#again.length : later, 0, batch);
  }

  /** What can be sent now. New reports are held back while `maxWaiting` batches wait to be sent again. */
  take(nowMs: number, maxWaiting: number): Batch<Item> | undefined {
    if (this.#again.length > 0 && nowMs >= this.againAtMs) return this.#again.shift();
    return this.#again.length < maxWaiting ? this.#takeFresh() : undefined;
  }

  /** The new reports of a vehicle wait behind those that are to be sent again, which keeps their order. */
  #takeFresh(): Batch<Item> | undefined {
    const waiting = new Set(this.#again.flatMap((batch) => batch.map(vehicleOf)));
    const free = this.#fresh.filter((entry) => !waiting.has(vehicleOf(entry)));
    const held = this.#fresh.filter((entry) => waiting.has(vehicleOf(entry)));
    this.#fresh = [];
    if (held.length > 0) this.#again.push(held);
    return free.length > 0 ? free : undefined;
  }
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

function vehicleOf<Item extends Sendable>({ item }: Entry<Item>): string {
  return item.report.vehicleId;
}
