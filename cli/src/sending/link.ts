import type {
  BatchResult,
  ConnectionLimits,
  ConnectRequest,
  ConnectResponse,
  TelemetryIngestClient,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { Fault } from '@odograph/kernel/fault';
import { type BidiCall, callBidi } from '@odograph/platform/grpc/client';
import type { Batch } from './batch.ts';

const CLOSE_WITHIN_MS = 2_000;

export interface LinkOptions {
  readonly client: TelemetryIngestClient;
  /** How long the server may take to say its limits. */
  readonly openWithinMs: number;
  readonly signal: AbortSignal;
  /** A batch is done; not called for one twice. */
  readonly onResult: (batch: Batch, result: BatchResult) => void;
  /** Called when there is room again, or the connection broke. */
  readonly onChange: () => void;
}

/** One connection to the door and the batches that are under way on it. */
export class Link {
  readonly limits: ConnectionLimits;
  readonly #call: BidiCall<ConnectRequest, ConnectResponse>;
  readonly #options: LinkOptions;
  readonly #underWay = new Map<number, Batch>();
  #reading: Promise<void> | undefined;
  #lastNumber = 0;
  #isClosing = false;
  #failure: Fault | undefined;

  private constructor(
    call: BidiCall<ConnectRequest, ConnectResponse>,
    limits: ConnectionLimits,
    options: LinkOptions,
  ) {
    this.#call = call;
    this.limits = limits;
    this.#options = options;
  }

  /** Opens a connection. Throws a Fault where the server is away, refuses, or does not say its limits. */
  static async open(options: LinkOptions): Promise<Link> {
    const { client, openWithinMs, signal } = options;
    const call = callBidi<ConnectRequest, ConnectResponse>(client.connect, { signal });
    const responses = call.responses[Symbol.asyncIterator]();
    const timer = setTimeout(() => call.cancel(), openWithinMs);
    const first = await responses.next().finally(() => clearTimeout(timer));
    const message = first.done ? undefined : first.value.message;
    if (message?.$case !== 'limits') {
      call.cancel();
      throw new Fault('UNAVAILABLE', 'the server did not begin with the limits of the connection');
    }
    const link = new Link(call, message.value, options);
    link.#reading = link.#read(responses);
    return link;
  }

  /** The batches that are not done, oldest first. */
  get underWay(): readonly Batch[] {
    return [...this.#underWay.values()];
  }

  get isIdle(): boolean {
    return this.#underWay.size === 0;
  }

  get hasRoom(): boolean {
    return this.#underWay.size < Math.max(1, this.limits.windowBatches);
  }

  throwIfBroken(): void {
    if (this.#failure) throw this.#failure;
  }

  /** Sends a batch. The window bounds what is buffered, so nobody waits for the socket. */
  send(batch: Batch): void {
    this.#lastNumber += 1;
    this.#underWay.set(this.#lastNumber, batch);
    const reports = batch.rows.map(({ report }) => report);
    this.#call.send({ batch: { number: this.#lastNumber, reports } }).catch((error) => this.#fail(error));
  }

  /** Ends the connection in good order, and in short order where the server does not. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#call.end();
    const timer = setTimeout(() => this.#call.cancel(), CLOSE_WITHIN_MS);
    await this.#reading;
    clearTimeout(timer);
  }

  cancel(): void {
    this.#isClosing = true;
    this.#call.cancel();
  }

  /** Never rejects: what breaks the connection is thrown to whoever drives it. */
  async #read(responses: AsyncIterator<ConnectResponse>): Promise<void> {
    try {
      for (let next = await responses.next(); !next.done; next = await responses.next()) {
        if (next.value.message?.$case === 'ack') this.#settle(next.value.message.value.batches);
      }
      this.#fail(new Fault('UNAVAILABLE', 'the server ended the connection'));
    } catch (error) {
      this.#fail(error);
      this.#call.cancel();
    }
  }

  #fail(error: unknown): void {
    if (!this.#isClosing) this.#failure ??= error instanceof Fault ? error : unexpected(error);
    this.#options.onChange();
  }

  #settle(results: readonly BatchResult[]): void {
    for (const result of results) {
      const batch = this.#underWay.get(result.number);
      if (!batch)
        throw new Fault('INTERNAL', `the server acknowledged batch ${result.number}, which was not sent`);
      this.#options.onResult(batch, result);
      this.#underWay.delete(result.number);
    }
    this.#options.onChange();
  }
}

function unexpected(cause: unknown): Fault {
  return new Fault('INTERNAL', `the connection failed: ${String(cause)}`, { cause });
}
