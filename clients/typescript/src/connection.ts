import { type BidiCall, type CallOptions, type Channel, callBidi } from './call.ts';
import { Fault, isFault } from './fault.ts';
import {
  type BatchResult,
  type ConnectionLimits,
  type ConnectResponse,
  TelemetryIngestService,
} from './generated/odograph/telemetry/v1/telemetry_ingest.ts';
import { assertOneEach, encodeConnectRequest, type Report, withEncodedRequests } from './wire.ts';

const connectMethod = withEncodedRequests(TelemetryIngestService.connect);

export interface ConnectOptions extends Pick<CallOptions, 'signal' | 'traceparent'> {
  /** How long the server may take to send its limits, in milliseconds. Default: 5,000. */
  readonly openWithinMs?: number | undefined;
}

/** One `Connect` stream. It is never opened again: after a fault, open another. */
export interface Connection {
  /** The server's limits. It reads no more than `windowBatches` unanswered batches; further ones wait in memory here. */
  readonly limits: ConnectionLimits;
  /**
   * Sends a batch of reports, or of their bytes, and resolves with its result, which may be that it was refused whole.
   * Throws the Fault that ended the connection if there is no result.
   */
  send(reports: readonly (Report | Uint8Array)[]): Promise<BatchResult>;
  /** Whether it is over: `send` throws. */
  readonly hasEnded: boolean;
  /** Sends no more, waits for the results of what was sent, and cancels after two seconds. */
  close(): Promise<void>;
  cancel(): void;
}

const OPEN_WITHIN_MS = 5_000;
const CLOSE_WITHIN_MS = 2_000;

/** Opens a connection. Throws a Fault: UNAVAILABLE if the server cannot be reached or sends no limits in time. */
export async function openConnection(channel: Channel, options: ConnectOptions = {}): Promise<Connection> {
  const { signal, traceparent, openWithinMs = OPEN_WITHIN_MS } = options;
  const call = callBidi(channel, connectMethod, { signal, traceparent });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    call.cancel();
  }, openWithinMs);
  try {
    const limits = await readLimits(call, channel.endpoint);
    return new OpenConnection(call, limits);
  } catch (error) {
    call.cancel();
    if (!isLate) throw error;
    throw new Fault('UNAVAILABLE', `${channel.endpoint} did not answer within ${openWithinMs} ms`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

type ConnectCall = BidiCall<Buffer, ConnectResponse>;

async function readLimits({ responses }: ConnectCall, endpoint: string): Promise<ConnectionLimits> {
  const { done, value } = await responses.next();
  if (done) throw new Fault('UNAVAILABLE', `${endpoint} ended the connection before it sent its limits`);
  if (value.message?.$case === 'limits') return value.message.value;
  throw new Fault(
    'INTERNAL',
    `${endpoint} must send its limits first, but sent ${value.message?.$case ?? 'an empty message'}`,
  );
}

interface Sent {
  readonly reports: number;
  readonly result: PromiseWithResolvers<BatchResult>;
}

class OpenConnection implements Connection {
  readonly limits: ConnectionLimits;
  readonly #call: ConnectCall;
  readonly #unanswered = new Map<number, Sent>();
  readonly #reading: Promise<void>;
  #lastNumber = 0;
  #fault: Fault | undefined;
  /** One message after the other waits for the socket. */
  #writing: Promise<void> = Promise.resolve();

  constructor(call: ConnectCall, limits: ConnectionLimits) {
    this.#call = call;
    this.limits = limits;
    this.#reading = this.#read();
  }

  get hasEnded(): boolean {
    return this.#fault !== undefined;
  }

  async send(reports: readonly (Report | Uint8Array)[]): Promise<BatchResult> {
    if (this.#fault) throw this.#fault;
    const number = this.#lastNumber + 1;
    const request = encodeConnectRequest(number, reports);
    this.#lastNumber = number;
    const result = Promise.withResolvers<BatchResult>();
    this.#unanswered.set(number, { reports: reports.length, result });
    this.#writing = this.#writing.then(() => this.#call.send(request)).catch((error) => this.#fail(error));
    return await result.promise;
  }

  async close(): Promise<void> {
    const timer = setTimeout(() => this.#call.cancel(), CLOSE_WITHIN_MS);
    await this.#writing;
    this.#call.end();
    await this.#reading;
    clearTimeout(timer);
  }

  cancel(): void {
    this.#call.cancel();
  }

  async #read(): Promise<void> {
    try {
      for await (const { message } of this.#call.responses) {
        if (message?.$case !== 'ack') continue;
        for (const result of message.value.batches) this.#settle(result);
      }
      this.#fail(new Fault('UNAVAILABLE', 'the server ended the connection'));
    } catch (error) {
      this.#fail(error);
    }
  }

  #settle(result: BatchResult): void {
    const sent = this.#unanswered.get(result.number);
    if (!sent)
      throw new Fault('INTERNAL', `the server acknowledged batch ${result.number}, which was not sent`);
    if (!result.refused) assertOneEach(result.results, sent.reports);
    this.#unanswered.delete(result.number);
    sent.result.resolve(result);
  }

  #fail(error: unknown): void {
    this.#fault ??= isFault(error)
      ? error
      : new Fault('INTERNAL', `the connection failed: ${error}`, { cause: error });
    for (const { result } of this.#unanswered.values()) result.reject(this.#fault);
    this.#unanswered.clear();
  }
}
