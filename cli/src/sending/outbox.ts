import type { ConnectionLimits } from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { type Batch, fittingRows, type SendableRow } from './batch.ts';
import type { Feed } from './feed.ts';

/** What has yet to be sent: rows that have to go again, before rows that never went. */
export class Outbox {
  readonly #feed: Feed;
  readonly #onTooLarge: (row: number, reason: string) => void;
  #again: Batch[] = [];

  constructor(feed: Feed, onTooLarge: (row: number, reason: string) => void) {
    this.#feed = feed;
    this.#onTooLarge = onTooLarge;
  }

  /** Whether rows wait now. */
  get hasRows(): boolean {
    return this.#again.length > 0 || this.#feed.dueMs < Number.POSITIVE_INFINITY;
  }

  /** Whether nothing waits and nothing will come. */
  get isDrained(): boolean {
    return this.#again.length === 0 && this.#feed.isDrained;
  }

  /** When there may be something to take: Unix time in milliseconds. */
  dueMs(limits: ConnectionLimits): number {
    const feedDueMs = this.#holdsBack(limits) ? Number.POSITIVE_INFINITY : this.#feed.dueMs;
    return Math.min(feedDueMs, ...this.#again.map(({ notBeforeMs }) => notBeforeMs));
  }

  /** Puts batches in front of all others. */
  putBack(batches: readonly Batch[]): void {
    this.#again.unshift(...batches);
  }

  /** The next batch that may go by now, within what the connection allows. */
  next(limits: ConnectionLimits, nowMs: number): Batch | undefined {
    const ready = this.#again.findIndex(({ notBeforeMs }) => notBeforeMs <= nowMs);
    const [batch] = ready < 0 ? [] : this.#again.splice(ready, 1);
    if (batch) return this.#cut(batch.rows, limits);
    return this.#holdsBack(limits) ? undefined : this.#cut(this.#feed.take(), limits);
  }

  /** Rows that wait for their part of the log hold back the others before they fill the memory. */
  #holdsBack({ windowBatches }: ConnectionLimits): boolean {
    return this.#again.length >= Math.max(1, windowBatches);
  }

  #cut(rows: readonly SendableRow[], limits: ConnectionLimits): Batch | undefined {
    const [first] = rows;
    if (first === undefined) return undefined;
    const fitting = fittingRows(rows, limits);
    if (fitting === 0) {
      this.#onTooLarge(first.row, `larger than the ${limits.maxBytes} bytes a message may have`);
      return this.#cut(rows.slice(1), limits);
    }
    if (fitting < rows.length) this.putBack([{ rows: rows.slice(fitting), notBeforeMs: 0 }]);
    return { rows: rows.slice(0, fitting), notBeforeMs: 0 };
  }
}
