import { Bell } from '@odograph/kernel/bell';
import type { Clock } from '@odograph/kernel/clock';
import type { Source } from '@odograph/sources/source';
import { type SendableRow, sendable } from './batch.ts';

export interface FeedOptions {
  readonly source: Source;
  readonly maxReports: number;
  /** How long rows wait for more to come. */
  readonly lingerMs: number;
  readonly clock: Clock;
  readonly onUnreadable: (row: number, reason: string) => void;
  /** Called when there may be something to take, or the end was reached. */
  readonly onChange: () => void;
}

/** Reads a source ahead of the connection, by a batch or two, and hands out its rows. */
export class Feed {
  readonly #options: FeedOptions;
  #rows: SendableRow[] = [];
  #oldestMs = Number.POSITIVE_INFINITY;
  #rowsRead = 0;
  #hasEnded = false;
  #failure: { readonly error: unknown } | undefined;
  readonly #taken = new Bell();
  #isStopped = false;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  /** Whether everything was taken. */
  get isDrained(): boolean {
    return this.#hasEnded && this.#rows.length === 0;
  }

  get rowsRead(): number {
    return this.#rowsRead;
  }

  /** When the rows that are there should go, few as they are: Unix time in milliseconds. */
  get dueMs(): number {
    return this.#oldestMs + this.#options.lingerMs;
  }

  /** Reads to the end, or until stopped. Never rejects: what made the source fail is told at the end. */
  async run(): Promise<void> {
    try {
      for await (const row of this.#options.source) {
        this.#rowsRead += 1;
        if ('report' in row) await this.#add(sendable(row.row, row.report));
        else this.#options.onUnreadable(row.row, row.unreadable);
        if (this.#isStopped) break;
      }
    } catch (error) {
      this.#failure = { error };
    }
    this.#hasEnded = true;
    this.#options.onChange();
  }

  /** Reads no further. */
  stop(): void {
    this.#isStopped = true;
    this.#taken.ring();
  }

  /** Throws what made the source fail. */
  throwIfFailed(): void {
    if (this.#failure) throw this.#failure.error;
  }

  /** The rows of the next batch, in order; none while it is worth waiting for more. */
  take(): readonly SendableRow[] {
    const { maxReports, clock } = this.#options;
    if (this.#rows.length < maxReports && !this.#hasEnded && clock.now() < this.dueMs) return [];
    const taken = this.#rows.slice(0, maxReports);
    this.#rows = this.#rows.slice(maxReports);
    this.#oldestMs = this.#rows.length === 0 ? Number.POSITIVE_INFINITY : clock.now();
    this.#taken.ring();
    return taken;
  }

  async #add(row: SendableRow): Promise<void> {
    const { maxReports, clock, onChange } = this.#options;
    if (this.#rows.length === 0) this.#oldestMs = clock.now();
    this.#rows.push(row);
    if (this.#rows.length === 1 || this.#rows.length >= maxReports) onChange();
    if (this.#rows.length >= 2 * maxReports) await this.#taken.rung();
  }
}
