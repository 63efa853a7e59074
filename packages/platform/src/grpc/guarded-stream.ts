import { constants, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import { type ServerInterceptingCallInterface, status } from '@grpc/grpc-js';
import { Fault } from '@odograph/kernel/fault';
import type { Logger } from '../logger.ts';
import type { InTurn } from '../turns.ts';
import type { AnswerMemory } from './answer-memory.ts';
import { clientOf } from './client-address.ts';
import { type Expand, forgetRequest, http2StreamOf, onComplete } from './grpc-internals.ts';
import { MessageMeter } from './message-meter.ts';
import type { RequestHolder, RequestMemory } from './request-memory.ts';
import type { Resets } from './resets.ts';
import { toServiceError } from './status.ts';
import { type AnswerLimits, StreamAnswers } from './stream-answers.ts';

export interface StreamLimits extends AnswerLimits {
  /** How long a message may take from its first byte to its last, and a request from its start. */
  readonly finishMs: number;
  /** What the headers of a call hold until it ends. */
  readonly headerBytesOf: (stream: ServerHttp2Stream) => number;
  readonly logger: Logger;
}

/** How long a call that was refused waits for its client to take what came before. */
export const REFUSAL_MS = 1_000;
/** A call that is reset sooner was opened to be reset. */
const AT_ONCE_MS = 20;
/** What an open call takes beside its requests, for example of objects of Node and grpc-js: measured on 5,000 calls. */
const CALL_BYTES = 16 * 1024;
/** What a message takes beside its bytes while it waits for its handler. */
const MESSAGE_BYTES = 256;
/** What grpc-js gets instead of a message whose call has ended. It sends it to no client. */
const OVER = { code: status.CANCELLED, details: 'the call has ended' };

/** Which stream each message came in that waits for its handler. */
export type Owners = WeakMap<Uint8Array, GuardedStream>;

interface GuardedStreamOptions extends StreamLimits {
  readonly memory: RequestMemory;
  readonly answers: AnswerMemory;
  /** One after the other, by client. */
  readonly inTurn: InTurn;
  readonly resets: Resets;
  readonly owners: Owners;
  /** Whether the request is one message: then it is unfinished from its start, and is held until the call ends. */
  readonly isUnary: boolean;
  /** Whether its answers wait for memory. */
  readonly mayWait: boolean;
}

/** One call, as the HTTP/2 stream below it. */
export class GuardedStream implements RequestHolder {
  readonly client: string;
  readonly #call: ServerInterceptingCallInterface;
  readonly #stream: ServerHttp2Stream;
  readonly #connection: Http2Session | undefined;
  readonly #options: GuardedStreamOptions;
  readonly #meter = new MessageMeter();
  readonly #answers: StreamAnswers;
  readonly #openedAtMs = performance.now();
  /** Until the server has had a turn for something else: its own slowness must not make a reset look late. */
  #isNew = true;
  /** When the unfinished message began; undefined between messages. */
  #unfinishedSinceMs: number | undefined;
  #refusedAtMs: number | undefined;
  /** What the complete messages hold. */
  #completeBytes = 0;

  constructor(call: ServerInterceptingCallInterface, options: GuardedStreamOptions) {
    this.client = clientOf(call.getPeer());
    this.#call = call;
    this.#stream = http2StreamOf(call);
    this.#connection = this.#stream.session;
    this.#options = options;
    if (options.isUnary) this.#unfinishedSinceMs = performance.now();
    onComplete(call, (...given) => this.#complete(...given));
    const { client } = this;
    this.#answers = new StreamAnswers(call, { ...options, client, refuse: (fault) => this.refuse(fault) });
    // Before grpc-js, so that a message which this piece completes counts once.
    this.#stream.prependListener('data', (chunk: Buffer) => this.#receive(chunk));
    this.#stream.once('end', () => this.#finish());
    this.#stream.once('close', () => this.#close());
    setImmediate(() => {
      this.#isNew = false;
    });
    this.#endIfItResets();
    this.#hold();
  }

  onClose(listener: () => void): void {
    this.#stream.once('close', listener);
  }

  refuse(fault: Fault): void {
    this.#refusedAtMs = performance.now();
    this.#options.memory.release(this);
    forgetRequest(this.#call);
    const { code, details, metadata } = toServiceError(fault, this.#options.logger);
    this.#call.sendStatus({ code, details, metadata });
  }

  took(message: Uint8Array): void {
    this.#options.owners.delete(message);
    this.#addComplete(-MESSAGE_BYTES - message.length);
  }

  sweep(nowMs: number): void {
    const { finishMs } = this.#options;
    if (this.#isAnswered()) this.#endAnswered(nowMs);
    else if (this.#unfinishedSinceMs !== undefined) {
      // While the handler takes nothing, the rest cannot arrive.
      if (this.#stream.isPaused()) this.#unfinishedSinceMs = nowMs;
      else if (nowMs - this.#unfinishedSinceMs > finishMs)
        this.refuse(new Fault('DEADLINE', `the request was not complete after ${finishMs / 1_000} s`));
    }
    // While the handler takes nothing, no event says that bytes have arrived.
    this.#hold();
    this.#answers.sweep(nowMs);
  }

  #receive(chunk: Buffer): void {
    this.#meter.add(chunk);
    const { held, isFragmented } = this.#meter;
    if (isFragmented) this.#endFragmented();
    if (this.#isAnswered()) {
      forgetRequest(this.#call);
      return;
    }
    if (held > 0) this.#unfinishedSinceMs ??= performance.now();
    else if (!this.#options.isUnary) this.#unfinishedSinceMs = undefined;
    this.#hold();
  }

  /**
   * A message is complete: from now on it holds what it has when it is expanded. Of a client one is expanded at a time,
   * because a few bytes can become very many.
   */
  async #complete(message: Buffer, isCompressed: boolean, expand: Expand): Promise<Buffer> {
    this.#addComplete(MESSAGE_BYTES + message.length);
    const { inTurn, owners, isUnary } = this.#options;
    const expandIfOpen = async () => {
      if (this.#isOver()) throw OVER;
      return await expand();
    };
    const expanded = await (isCompressed ? inTurn(this.client, expandIfOpen) : expandIfOpen());
    this.#addComplete(expanded.length - message.length);
    if (this.#isOver()) throw OVER;
    if (!isUnary) owners.set(expanded, this);
    return expanded;
  }

  #addComplete(bytes: number): void {
    this.#completeBytes += bytes;
    this.#hold();
  }

  #finish(): void {
    this.#unfinishedSinceMs = undefined;
    this.#hold();
  }

  #hold(): void {
    if (this.#isOver()) return;
    const { memory, headerBytesOf } = this.#options;
    const ofMessages = this.#meter.held + this.#completeBytes + this.#stream.readableLength;
    const bytes = CALL_BYTES + headerBytesOf(this.#stream) + ofMessages;
    memory.hold(this, bytes, this.#unfinishedSinceMs !== undefined);
  }

  #close(): void {
    this.#options.memory.release(this);
    this.#answers.close();
    // Node ends the writable side of a stream that was reset, so that says nothing of an answer.
    const isReset = this.#stream.rstCode !== constants.NGHTTP2_NO_ERROR && !this.#stream.headersSent;
    const isAtOnce = this.#isNew || performance.now() - this.#openedAtMs < AT_ONCE_MS;
    if (!isReset || !isAtOnce || !this.#connection) return;
    this.#options.resets.add(this.client, this.#connection);
    this.#endIfItResets();
  }

  #endIfItResets(): void {
    const { client } = this;
    if (this.#connection && this.#options.resets.areTooMany(client, this.#connection)) this.#endConnection();
  }

  /** Whether the status is on its way. */
  #isAnswered(): boolean {
    return this.#stream.writableEnded;
  }

  #isOver(): boolean {
    return this.#isAnswered() || this.#stream.destroyed;
  }

  /**
   * Whether Node sends the status before all else on the stream, at the latest after this turn. It ends the writable side before
   * it asks for the trailers, and a reset would overtake these.
   */
  #isStatusSent(): boolean {
    const { writableFinished, sentHeaders, sentTrailers } = this.#stream;
    return writableFinished && 'grpc-status' in { ...sentHeaders, ...sentTrailers };
  }

  /**
   * A client may go on with its request after the answer, and would keep its place on the connection (RFC 9113, 8.1). One that
   * was refused holds nothing any more, so it does not wait for the client to take what came before the refusal.
   */
  #endAnswered(nowMs: number): void {
    const goesOn = this.#isStatusSent() && !this.#stream.readableEnded;
    // Node sends trailers in an immediate too.
    if (goesOn) setImmediate(() => this.#stream.close(constants.NGHTTP2_NO_ERROR));
    const isLate = this.#refusedAtMs !== undefined && nowMs - this.#refusedAtMs >= REFUSAL_MS;
    if (isLate) this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  #endFragmented(): void {
    if (!this.#connection || this.#connection.destroyed) return;
    const { client } = this;
    this.#options.logger.warn({ client }, 'a connection was ended: it sent a message in very small pieces');
    this.#endConnection();
  }

  #endConnection(): void {
    if (this.#connection) endConnection(this.#connection);
  }
}

export function endConnection(session: Http2Session): void {
  if (session.destroyed) return;
  session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  session.destroy();
}
