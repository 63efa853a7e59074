import { Batcher } from './batcher.ts';
import type { Channel } from './call.ts';
import { type Connection, type ConnectOptions, openConnection } from './connection.ts';
import { Fault, isFault } from './fault.ts';
import {
  type BatchResult,
  type ConnectionLimits,
  ReportOutcome,
  type ReportResult,
} from './generated/odograph/telemetry/v1/telemetry_ingest.ts';
import { type Batch, countFitting, type Entry, Outbox, type Sendable } from './outbox.ts';
import { longestDelayMs } from './report.ts';
import { firstOf, PASSING_FOR_REPORTS, retryDelayMs, throwIfAborted } from './retry.ts';
import { faultFromRpcStatus } from './rpc-status.ts';

/** The final outcome of an item. */
export interface Sent<Item> {
  /** The caller's own object. */
  readonly item: Item;
  /** ACCEPTED, QUARANTINED or REJECTED. A report that fits into no message is REJECTED without being sent. */
  readonly result: ReportResult;
  /** How often the report was sent. */
  readonly attempts: number;
}

export interface SendOptions extends Pick<ConnectOptions, 'signal' | 'traceparent'> {
  /** Reports in a batch, at most; the server's limits apply too. Default: 500. */
  readonly batchReports?: number | undefined;
  /** How long a report waits for others, in milliseconds. Default: 50. */
  readonly lingerMs?: number | undefined;
  /** How long to try to open the first connection, and how long each may take to open, in milliseconds. Default: 3,000. */
  readonly connectWithinMs?: number | undefined;
  /** How long to go on while the server takes no report, in milliseconds. Default: 120,000. */
  readonly giveUpAfterMs?: number | undefined;
}

/** See `Client.send`. */
export function send<Item extends Sendable>(
  channel: Channel,
  source: AsyncIterable<Item>,
  options: SendOptions = {},
): AsyncGenerator<Sent<Item>, void, undefined> {
  return new Sending(channel, source, options).run();
}

/** A batch that was sent. Its answer is the server's, or what ended the connection. */
interface UnderWay<Item> {
  readonly batch: Batch<Item>;
  readonly connection: Connection;
  readonly answered: Promise<void>;
  answer?: { readonly result: BatchResult } | { readonly error: unknown };
}

/** Keeps a window of batches under way until every item of a source has its outcome. */
class Sending<Item extends Sendable> {
  readonly #channel: Channel;
  readonly #signal: AbortSignal | undefined;
  readonly #traceparent: string | undefined;
  readonly #connectWithinMs: number;
  readonly #giveUpAfterMs: number;
  readonly #batcher: Batcher<Item>;
  readonly #outbox = new Outbox<Item>();
  /** In the order of sending, which is the order of the answers. */
  readonly #underWay: UnderWay<Item>[] = [];
  /** Not handed out yet. */
  readonly #outcomes: Sent<Item>[] = [];
  #reading: Promise<void> | undefined;
  #sourceEnd: { readonly error?: unknown } | undefined;
  #connection: Connection | undefined;
  #hasConnected = false;
  /** Nothing is sent before; a time of `performance.now()`. */
  #sendAtMs = 0;
  #failuresInARow = 0;
  #lastFault: Fault | undefined;
  /** When the server last took a report, or work began after a pause. */
  #progressAtMs = performance.now();

  constructor(channel: Channel, source: AsyncIterable<Item>, options: SendOptions) {
    this.#channel = channel;
    this.#signal = options.signal;
    this.#traceparent = options.traceparent;
    this.#connectWithinMs = options.connectWithinMs ?? 3_000;
    this.#giveUpAfterMs = options.giveUpAfterMs ?? 120_000;
    this.#batcher = new Batcher(source, options.batchReports ?? 500, options.lingerMs ?? 50);
  }

  async *run(): AsyncGenerator<Sent<Item>, void, undefined> {
    try {
      for (;;) {
        throwIfAborted(this.#signal);
        const nowMs = performance.now();
        const hasMoved = (await this.#sendNext(nowMs)) || this.#settleNext();
        if (this.#outcomes.length > 0) {
          yield* this.#outcomes.splice(0);
          this.#progressAtMs = performance.now();
        } else if (!hasMoved) {
          if (this.#sourceEnd && !this.#isBusy) break;
          await this.#waitForChange(nowMs);
        }
      }
      await this.#connection?.close();
      if (this.#sourceEnd.error !== undefined) throw this.#sourceEnd.error;
    } finally {
      this.#batcher.stop();
      this.#connection?.cancel();
    }
  }

  get #isBusy(): boolean {
    return this.#underWay.length > 0 || !this.#outbox.isEmpty;
  }

  /** Sends one batch if one may be sent now. */
  async #sendNext(nowMs: number): Promise<boolean> {
    const windowBatches = Math.max(1, this.#connection?.limits.windowBatches ?? 1);
    if (nowMs < this.#sendAtMs || this.#underWay.length >= windowBatches) return false;
    const batch = this.#outbox.take(nowMs, windowBatches);
    if (!batch) return false;
    try {
      this.#connection ??= await this.#connect();
    } catch (error) {
      this.#outbox.putBack(batch);
      this.#onBroken(error);
      return true;
    }
    this.#transmit(this.#cut(batch, this.#connection.limits), this.#connection);
    return true;
  }

  async #connect(): Promise<Connection> {
    const connection = await openConnection(this.#channel, {
      openWithinMs: this.#connectWithinMs,
      signal: this.#signal,
      traceparent: this.#traceparent,
    });
    this.#hasConnected = true;
    return connection;
  }

  /** The part of a batch that fits into one message; the rest is put back. */
  #cut(batch: Batch<Item>, limits: ConnectionLimits): Batch<Item> {
    const fitting = countFitting(batch, limits);
    const [first] = batch;
    if (fitting === 0 && first) {
      this.#reject(
        first,
        new Fault('TOO_LARGE', `larger than the ${limits.maxBytes} bytes a message may have`),
      );
      this.#outbox.putBack(batch.slice(1));
      return [];
    }
    this.#outbox.putBack(batch.slice(fitting));
    return batch.slice(0, fitting);
  }

  #transmit(batch: Batch<Item>, connection: Connection): void {
    if (batch.length === 0) return;
    for (const entry of batch) entry.attempts += 1;
    const answered = connection.send(batch.map(({ bytes }) => bytes)).then(
      (result) => {
        underWay.answer = { result };
      },
      (error) => {
        underWay.answer = { error };
      },
    );
    const underWay: UnderWay<Item> = { batch, connection, answered };
    this.#underWay.push(underWay);
  }

  /** Handles the oldest batch under way if it is answered. */
  #settleNext(): boolean {
    const [oldest] = this.#underWay;
    if (!oldest?.answer) return false;
    this.#underWay.shift();
    const { batch, answer, connection } = oldest;
    if ('error' in answer) {
      this.#outbox.putBack(batch);
      if (connection === this.#connection) this.#onBroken(answer.error);
    } else if (answer.result.refused) {
      this.#onRefused(batch, faultFromRpcStatus(answer.result.refused));
    } else {
      this.#onResults(batch, answer.result.results);
    }
    return true;
  }

  #onResults(batch: Batch<Item>, results: readonly ReportResult[]): void {
    const notStored: Entry<Item>[] = [];
    let reason = 'the server could not store the reports';
    batch.forEach((entry, at) => {
      const result = results[at] as ReportResult;
      if (result.outcome === ReportOutcome.UNAVAILABLE) {
        notStored.push(entry);
        reason = result.findings[0]?.description ?? reason;
      } else {
        this.#settle(entry, result);
      }
    });
    if (notStored.length === 0) return;
    this.#sendAgainLater(
      notStored,
      new Fault('UNAVAILABLE', reason, { retryAfterMs: longestDelayMs(results) }),
    );
  }

  /** A batch that is refused for its content is halved until the wrong report is alone. */
  #onRefused(batch: Batch<Item>, fault: Fault): void {
    const [first] = batch;
    if (isFault(fault, ...PASSING_FOR_REPORTS)) {
      this.#sendAgainLater(batch, fault);
      if (fault.code === 'OVERLOADED') this.#sendAtMs = this.#outbox.againAtMs;
    } else if (!isFault(fault, 'INVALID_INPUT', 'TOO_LARGE')) {
      throw fault;
    } else if (first && batch.length === 1) {
      this.#reject(first, fault);
    } else {
      const middle = Math.ceil(batch.length / 2);
      this.#outbox.putBack(batch.slice(0, middle));
      this.#outbox.putBack(batch.slice(middle));
    }
  }

  /** The connection broke, or could not be opened. */
  #onBroken(error: unknown): void {
    this.#connection?.cancel();
    this.#connection = undefined;
    if (!isFault(error, ...PASSING_FOR_REPORTS)) throw error;
    this.#sendAtMs = this.#retryAtMs(error);
  }

  #sendAgainLater(batch: Batch<Item>, fault: Fault): void {
    this.#outbox.putBack(batch);
    this.#outbox.againAtMs = Math.max(this.#outbox.againAtMs, this.#retryAtMs(fault));
  }

  #retryAtMs(fault: Fault): number {
    this.#lastFault = fault;
    const delayMs = retryDelayMs(fault.retryAfterMs, this.#failuresInARow);
    this.#failuresInARow += 1;
    return performance.now() + delayMs;
  }

  #reject(entry: Entry<Item>, { violations, code, message }: Fault): void {
    const findings =
      violations.length > 0 ? [...violations] : [{ field: '', reason: code, description: message }];
    this.#settle(entry, { outcome: ReportOutcome.REJECTED, findings });
  }

  #settle({ item, attempts }: Entry<Item>, result: ReportResult): void {
    this.#failuresInARow = 0;
    this.#outcomes.push({ item, result, attempts });
  }

  /** Waits for an answer, for more of the source, or until something may be sent that could not be sent at `nowMs`. */
  async #waitForChange(nowMs: number): Promise<void> {
    this.#readAhead();
    const giveUpAtMs = this.#giveUpAtMs();
    if (nowMs >= giveUpAtMs) throw this.#giveUp();
    const sendAtMs = [this.#sendAtMs, this.#outbox.againAtMs].filter((atMs) => atMs > nowMs);
    const promises = [this.#underWay[0]?.answered, this.#reading].filter((each) => each !== undefined);
    await firstOf(promises, Math.min(giveUpAtMs, ...sendAtMs) - nowMs, this.#signal);
  }

  /** Reads one batch of the source, unless one is being read or waits to be sent. */
  #readAhead(): void {
    if (this.#sourceEnd || this.#outbox.hasFresh) return;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
  }

  async #read(): Promise<void> {
    try {
      const items = await this.#batcher.next();
      if (!this.#isBusy) this.#progressAtMs = performance.now();
      for (const item of items) this.#outbox.add(item);
      if (items.length === 0) this.#sourceEnd = {};
    } catch (error) {
      this.#sourceEnd = { error };
    }
  }

  #giveUpAtMs(): number {
    if (!this.#isBusy) return Number.POSITIVE_INFINITY;
    return this.#progressAtMs + (this.#hasConnected ? this.#giveUpAfterMs : this.#connectWithinMs);
  }

  #giveUp(): Fault {
    const cause = this.#lastFault;
    const why = cause?.message ?? `${this.#channel.endpoint} does not answer`;
    const seconds = Math.round(this.#giveUpAfterMs / 1_000);
    const message = this.#hasConnected ? `the server took no report for ${seconds} s: ${why}` : why;
    return new Fault('UNAVAILABLE', message, { cause });
  }
}
