import { type Batch, countFitting, type Entry, entryOf, type Sendable } from './batch.ts';
import { Batcher } from './batcher.ts';
import type { Channel } from './call.ts';
import { type Connection, type ConnectOptions, openConnection } from './connection.ts';
import { Fault, isFault } from './fault.ts';
import {
  type ConnectionLimits,
  ReportOutcome,
  type ReportResult,
} from './generated/odograph/telemetry/v1/telemetry_ingest.ts';
import { longestDelayMs } from './report.ts';
import { firstOf, PASSING_FOR_REPORTS, retryDelayMs, sleep, throwIfAborted } from './retry.ts';
import { faultFromRpcStatus } from './rpc-status.ts';

/** The final outcome of an item. */
export interface Sent<Item> {
  /** The caller's own object. */
  readonly item: Item;
  /** ACCEPTED, QUARANTINED or REJECTED. A report that cannot be encoded, or fits into no message, is REJECTED without being sent. */
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

/** Keeps a window of batches under way until every item of a source has its outcome. */
class Sending<Item extends Sendable> {
  readonly #channel: Channel;
  readonly #batcher: Batcher<Item>;
  /** Ends everything that waits when the caller leaves the iteration. */
  readonly #leaving = new AbortController();
  readonly #signal: AbortSignal;
  readonly #connectOptions: ConnectOptions;
  readonly #connectWithinMs: number;
  readonly #giveUpAfterMs: number;
  /** Batches that are being sent, or wait to be sent again. Their promises never reject. */
  readonly #underWay = new Set<Promise<void>>();
  /** Not handed out yet. */
  readonly #outcomes: Sent<Item>[] = [];
  /** Read from the source and not started yet. */
  #fresh: Batch<Item> = [];
  #reading: Promise<void> | undefined;
  #sourceEnd: { readonly error?: unknown } | undefined;
  /** What everything that is to be sent waits for, in turn. */
  #ready: Promise<Connection> | undefined;
  #connection: Connection | undefined;
  #limits: ConnectionLimits | undefined;
  /** Until then an overloaded server gets nothing. */
  #holdUntilMs = 0;
  /** What made it impossible to go on. */
  #failure: { readonly error: unknown } | undefined;
  #failuresInARow = 0;
  #lastFault: Fault | undefined;
  /** When outcomes were last handed out, or work began after a pause. */
  #progressAtMs = performance.now();

  constructor(channel: Channel, source: AsyncIterable<Item>, options: SendOptions) {
    const { signal, traceparent, batchReports = 500, lingerMs = 50, connectWithinMs = 3_000 } = options;
    this.#channel = channel;
    this.#batcher = new Batcher(source, Math.max(1, batchReports), lingerMs);
    this.#signal = AbortSignal.any([this.#leaving.signal, ...(signal ? [signal] : [])]);
    this.#connectOptions = { openWithinMs: connectWithinMs, signal: this.#signal, traceparent };
    this.#connectWithinMs = connectWithinMs;
    this.#giveUpAfterMs = options.giveUpAfterMs ?? 120_000;
  }

  async *run(): AsyncGenerator<Sent<Item>, void, undefined> {
    try {
      while (!this.#isFinished) {
        if (this.#outcomes.length > 0) {
          yield* this.#outcomes.splice(0);
          this.#progressAtMs = performance.now();
          continue;
        }
        throwIfAborted(this.#signal);
        if (this.#failure) throw this.#failure.error;
        if (this.#fresh.length > 0 && this.#hasRoom) this.#startFresh();
        else await this.#waitForChange();
      }
      await this.#connection?.close();
      if (this.#sourceEnd?.error !== undefined) throw this.#sourceEnd.error;
    } finally {
      this.#leaving.abort();
      this.#batcher.stop();
    }
  }

  get #isBusy(): boolean {
    return this.#underWay.size > 0 || this.#fresh.length > 0;
  }

  get #isFinished(): boolean {
    return this.#sourceEnd !== undefined && !this.#isBusy && this.#outcomes.length === 0 && !this.#failure;
  }

  get #hasRoom(): boolean {
    return this.#underWay.size < Math.max(1, this.#limits?.windowBatches ?? 1);
  }

  /** Starts what fits into one message. The first time it only opens the connection, which has the limits. */
  #startFresh(): void {
    const count = this.#limits ? Math.max(1, countFitting(this.#fresh, this.#limits)) : 0;
    this.#start(this.#fresh.slice(0, count));
    this.#fresh = this.#fresh.slice(count);
  }

  /** Sends a batch after all that wait already. */
  #start(batch: Batch<Item>, ready = this.#connected()): void {
    this.#track(ready.then((connection) => this.#sendParts(batch, connection)));
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }

  #connected(): Promise<Connection> {
    this.#ready ??= this.#connect(0);
    return this.#ready;
  }

  /** Opens a connection, again and again until the main loop gives up. */
  async #connect(delayMs: number): Promise<Connection> {
    for (let waitMs = delayMs; ; ) {
      await sleep(waitMs, this.#signal);
      try {
        this.#connection = await openConnection(this.#channel, this.#connectOptions);
        this.#limits = this.#connection.limits;
        return this.#connection;
      } catch (error) {
        waitMs = this.#delayMs(error);
      }
    }
  }

  /** Sends a batch in one message, or in several if the limits are smaller than when it was cut. */
  #sendParts(batch: Batch<Item>, connection: Connection): void {
    const { limits } = connection;
    let rest = batch;
    for (let first = rest[0]; first; first = rest[0]) {
      const count = countFitting(rest, limits);
      if (count > 0) this.#track(this.#sendPart(rest.slice(0, count), connection));
      else
        this.#reject(
          first,
          new Fault('TOO_LARGE', `larger than the ${limits.maxBytes} bytes a message may have`),
        );
      rest = rest.slice(Math.max(1, count));
    }
  }

  #sendPart(batch: Batch<Item>, connection: Connection): Promise<void> {
    // On a connection that has ended nothing is sent.
    if (!connection.hasEnded) for (const entry of batch) entry.attempts += 1;
    return connection.send(batch.map(({ bytes }) => bytes)).then(
      ({ results, refused }) => {
        if (refused) this.#onRefused(batch, faultFromRpcStatus(refused));
        else this.#onResults(batch, results);
      },
      (error: unknown) => this.#onBroken(batch, connection, error),
    );
  }

  /** All batches of a broken connection come here in their order, and wait for the next connection in that order. */
  #onBroken(batch: Batch<Item>, connection: Connection, error: unknown): void {
    if (!isFault(error, ...PASSING_FOR_REPORTS)) throw error;
    if (this.#connection === connection) {
      this.#connection = undefined;
      const holdMs = this.#holdUntilMs - performance.now();
      this.#ready = this.#connect(Math.max(holdMs, this.#delayMs(error)));
    }
    this.#start(batch);
  }

  #onResults(batch: Batch<Item>, results: readonly ReportResult[]): void {
    const notStored: Entry<Item>[] = [];
    let reason = 'it could not store the reports';
    for (const [at, result] of results.entries()) {
      const entry = batch[at] as Entry<Item>;
      if (result.outcome !== ReportOutcome.UNAVAILABLE) {
        this.#settle(entry, result);
        continue;
      }
      notStored.push(entry);
      reason = result.findings[0]?.description ?? reason;
    }
    if (notStored.length === 0) return;
    this.#startLater(notStored, new Fault('UNAVAILABLE', reason, { retryAfterMs: longestDelayMs(results) }));
  }

  /** A batch that is refused for its content is halved until the wrong report is alone. */
  #onRefused(batch: Batch<Item>, fault: Fault): void {
    const middle = Math.ceil(batch.length / 2);
    if (!isFault(fault, 'INVALID_INPUT', 'TOO_LARGE')) {
      this.#startLater(batch, fault);
    } else if (batch.length === 1) {
      this.#reject(batch[0] as Entry<Item>, fault);
    } else {
      this.#start(batch.slice(0, middle));
      this.#start(batch.slice(middle));
    }
  }

  /** An overloaded server gets nothing at all until its delay is over; else only this batch waits. */
  #startLater(batch: Batch<Item>, fault: Fault): void {
    const delayMs = this.#delayMs(fault);
    const delay = sleep(delayMs, this.#signal);
    if (fault.code === 'OVERLOADED') {
      this.#holdUntilMs = Math.max(this.#holdUntilMs, performance.now() + delayMs);
      const before = this.#connected();
      this.#ready = delay.then(() => before);
      this.#start(batch);
    } else {
      const ready = delay.then(() => this.#connected());
      this.#start(batch, ready);
    }
  }

  /** How long to wait after a fault. Throws it if a retry cannot help. */
  #delayMs(error: unknown): number {
    if (!isFault(error, ...PASSING_FOR_REPORTS)) throw error;
    this.#lastFault = error;
    this.#failuresInARow += 1;
    return retryDelayMs(error.retryAfterMs, this.#failuresInARow - 1);
  }

  #reject(entry: Entry<Item>, fault: Fault): void {
    const { code, message } = fault;
    const findings =
      fault.findings.length > 0 ? [...fault.findings] : [{ field: '', reason: code, description: message }];
    this.#settle(entry, { outcome: ReportOutcome.REJECTED, findings });
  }

  #settle({ item, attempts }: Entry<Item>, result: ReportResult): void {
    this.#failuresInARow = 0;
    this.#outcomes.push({ item, result, attempts });
  }

  /** Waits for the end of a message, or for more of the source. */
  async #waitForChange(): Promise<void> {
    const giveUpAfterMs = this.#limits ? this.#giveUpAfterMs : this.#connectWithinMs;
    const leftMs = this.#isBusy
      ? this.#progressAtMs + giveUpAfterMs - performance.now()
      : Number.POSITIVE_INFINITY;
    if (leftMs <= 0) throw this.#giveUp();
    if (this.#fresh.length === 0 && !this.#sourceEnd) this.#reading ??= this.#read();
    const changes = [...this.#underWay, this.#reading].filter((each) => each !== undefined);
    await firstOf(changes, leftMs, this.#signal);
  }

  async #read(): Promise<void> {
    try {
      const items = await this.#batcher.next();
      if (!this.#isBusy) this.#progressAtMs = performance.now();
      this.#fresh = items.flatMap((item) => this.#encode(item));
      if (items.length === 0) this.#sourceEnd = {};
    } catch (error) {
      this.#sourceEnd = { error };
    }
    this.#reading = undefined;
  }

  /** A report that cannot be encoded is rejected alone. */
  #encode(item: Item): Batch<Item> {
    try {
      return [entryOf(item)];
    } catch (error) {
      if (!isFault(error)) throw error;
      this.#reject({ item, bytes: new Uint8Array(), attempts: 0 }, error);
      return [];
    }
  }

  #giveUp(): Fault {
    const cause = this.#lastFault;
    const why = cause?.message ?? `${this.#channel.endpoint} does not answer`;
    const seconds = Math.round(this.#giveUpAfterMs / 1_000);
    const message = this.#limits ? `the server took no report for ${seconds} s: ${why}` : why;
    return new Fault('UNAVAILABLE', message, { cause });
  }
}
