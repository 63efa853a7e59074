import type {
  BatchResult,
  ReportResult,
  TelemetryIngestClient,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { Bell } from '@odograph/kernel/bell';
import type { Clock } from '@odograph/kernel/clock';
import { Fault, invariant } from '@odograph/kernel/fault';
import { faultFromRpcStatus } from '@odograph/platform/grpc/status';
import type { Source } from '@odograph/sources/source';
import { type Batch, halves } from './batch.ts';
import { Feed } from './feed.ts';
import { Link } from './link.ts';
import { Outbox } from './outbox.ts';
import { isAboutContent, isPassing, waitMs } from './refusal.ts';
import { type OnRejected, type SendTotals, Tally, wordsOf } from './tally.ts';

export interface SenderOptions {
  readonly client: TelemetryIngestClient;
  readonly source: Source;
  readonly batchReports: number;
  readonly lingerMs: number;
  readonly contactWithinMs: number;
  readonly patienceMs: number;
  readonly signal: AbortSignal;
  readonly onProgress: (totals: SendTotals) => void;
  readonly onRejected: OnRejected;
  readonly clock: Clock;
}

/** Keeps a connection to the door busy until every row of a source has its outcome. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #bell = new Bell();
  readonly #tally: Tally;
  readonly #feed: Feed;
  readonly #outbox: Outbox;
  #link: Link | undefined;
  #hadContact = false;
  #failuresInARow = 0;
  /** The server wants nothing before. */
  #holdUntilMs = 0;
  /** Since when rows wait and none got an outcome. */
  #stuckSinceMs: number;
  #lastRefusal: Fault | undefined;

  constructor(options: SenderOptions) {
    const { source, batchReports, lingerMs, clock, onRejected } = options;
    this.#options = options;
    this.#tally = new Tally(onRejected);
    this.#stuckSinceMs = clock.now();
    this.#feed = new Feed({
      ...{ source, lingerMs, clock, maxReports: batchReports },
      onUnreadable: (row, reason) => this.#tally.unreadable(row, reason),
      onChange: () => this.#bell.ring(),
    });
    this.#outbox = new Outbox(this.#feed, (row, reason) => this.#tally.rejected(row, reason));
  }

  /** Ends when each row has its outcome. */
  async run(): Promise<SendTotals> {
    const { signal, onProgress } = this.#options;
    signal.addEventListener('abort', () => this.#bell.ring(), { once: true });
    const feeding = this.#feed.run();
    try {
      await this.#firstRow();
      while (!this.#isDone()) await this.#connectAndDrive();
      await feeding;
      this.#feed.throwIfFailed();
    } finally {
      this.#feed.stop();
      this.#link?.cancel();
    }
    const { totals } = this.#tally;
    invariant(totals.sent === this.#feed.rowsRead, `${this.#feed.rowsRead} rows have as many outcomes`);
    onProgress(totals);
    return totals;
  }

  /** Nothing is connected for a source that has no row, or turns out to be none. */
  async #firstRow(): Promise<void> {
    while (!this.#outbox.hasRows && !this.#isDone()) {
      this.#throwIfCalledOff();
      await this.#bell.rung();
    }
    this.#stuckSinceMs = this.#now();
  }

  async #connectAndDrive(): Promise<void> {
    const { client, contactWithinMs, signal } = this.#options;
    try {
      this.#throwIfCalledOff();
      this.#link = await Link.open({
        ...{ client, signal, openWithinMs: contactWithinMs },
        onResult: (batch, result) => this.#onResult(batch, result),
        onChange: () => this.#bell.ring(),
      });
      this.#hadContact = true;
      await this.#drive(this.#link);
      await this.#link.close();
    } catch (error) {
      this.#throwIfCalledOff();
      if (!isPassing(error)) throw error;
      this.#lastRefusal = error;
      this.#throwIfStuck();
      await this.#recover(error);
    }
    this.#link = undefined;
  }

  async #drive(link: Link): Promise<void> {
    while (!this.#isDone()) {
      this.#throwIfCalledOff();
      this.#throwIfStuck();
      link.throwIfBroken();
      const isHeld = this.#now() < this.#holdUntilMs;
      const batch = link.hasRoom && !isHeld ? this.#outbox.next(link.limits, this.#now()) : undefined;
      if (batch) link.send(batch);
      else await this.#rungBefore(this.#wakeMs(link));
    }
  }

  /** Takes back what is under way and waits before the next connection. */
  async #recover({ retryAfterMs }: Fault): Promise<void> {
    const cutOff = this.#link?.underWay ?? [];
    this.#link?.cancel();
    this.#outbox.putBack(cutOff);
    this.#tally.resent(cutOff.reduce((sum, { rows }) => sum + rows.length, 0));
    const nextTryMs = Math.min(this.#now() + waitMs(retryAfterMs, this.#failuresInARow), this.#stuckMs());
    this.#failuresInARow += 1;
    while (this.#now() < nextTryMs && !this.#options.signal.aborted) {
      await this.#rungBefore(nextTryMs);
    }
  }

  /** Until something happened, or it is that time. */
  async #rungBefore(atMs: number): Promise<void> {
    const ring = () => this.#bell.ring();
    const timer = Number.isFinite(atMs) ? setTimeout(ring, Math.max(0, atMs - this.#now())) : undefined;
    await this.#bell.rung();
    clearTimeout(timer);
  }

  #onResult(batch: Batch, { results, refused }: BatchResult): void {
    if (refused) this.#onRefused(batch, faultFromRpcStatus(refused));
    else this.#onOutcomes(batch, results);
    this.#options.onProgress(this.#tally.totals);
  }

  #onOutcomes({ rows }: Batch, results: readonly ReportResult[]): void {
    if (results.length !== rows.length) {
      throw new Fault('INTERNAL', `the server gave ${results.length} results for ${rows.length} reports`);
    }
    const again = rows.filter(({ row }, at) => {
      const result = results[at];
      return result !== undefined && !this.#tally.settled(row, result);
    });
    if (again.length < rows.length) this.#onHeadway();
    if (again.length === 0) return;
    const retryAfterMs = Math.max(...results.map((result) => result.retryAfterMs ?? 0)) || undefined;
    this.#sendLater({ rows: again, notBeforeMs: 0 }, retryAfterMs);
  }

  #onRefused(batch: Batch, fault: Fault): void {
    const [first] = batch.rows;
    if (!isAboutContent(fault)) {
      if (!isPassing(fault)) throw fault;
      this.#lastRefusal = fault;
      this.#holdUntilMs = this.#sendLater(batch, fault.retryAfterMs);
    } else if (first && batch.rows.length === 1) {
      this.#onHeadway();
      this.#tally.rejected(
        first.row,
        fault.violations.length > 0 ? wordsOf(fault.violations) : fault.message,
      );
    } else {
      this.#outbox.putBack(halves(batch));
    }
  }

  #sendLater({ rows }: Batch, retryAfterMs: number | undefined): number {
    const notBeforeMs = this.#now() + waitMs(retryAfterMs, this.#failuresInARow);
    this.#failuresInARow += 1;
    this.#outbox.putBack([{ rows, notBeforeMs }]);
    this.#tally.resent(rows.length);
    return notBeforeMs;
  }

  #onHeadway(): void {
    this.#failuresInARow = 0;
    this.#stuckSinceMs = this.#now();
  }

  #isDone(): boolean {
    return this.#outbox.isDrained && (this.#link?.isIdle ?? true);
  }

  #throwIfStuck(): void {
    const isWaiting = this.#outbox.hasRows || !(this.#link?.isIdle ?? true) || !this.#hadContact;
    if (!isWaiting) this.#stuckSinceMs = this.#now();
    if (this.#now() < this.#stuckMs()) return;
    const why = this.#lastRefusal?.message ?? 'it gives no answer';
    const cause = this.#lastRefusal;
    if (!this.#hadContact) throw new Fault('UNAVAILABLE', why, { cause });
    const seconds = Math.round(this.#options.patienceMs / 1_000);
    throw new Fault('UNAVAILABLE', `the server took no report for ${seconds} s: ${why}`, { cause });
  }

  /** When patience is over, if nothing happens until then: Unix time in milliseconds. */
  #stuckMs(): number {
    const { contactWithinMs, patienceMs } = this.#options;
    return this.#stuckSinceMs + (this.#hadContact ? patienceMs : contactWithinMs);
  }

  #throwIfCalledOff(): void {
    if (this.#options.signal.aborted) throw new Fault('CANCELLED', 'the sending was called off');
  }

  /** When something may have to be done though nothing happens: Unix time in milliseconds. */
  #wakeMs(link: Link): number {
    const stuckMs = this.#stuckMs();
    return link.hasRoom
      ? Math.min(stuckMs, Math.max(this.#outbox.dueMs(link.limits), this.#holdUntilMs))
      : stuckMs;
  }

  #now(): number {
    return this.#options.clock.now();
  }
}
