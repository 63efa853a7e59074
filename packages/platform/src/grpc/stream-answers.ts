import { constants, type ServerHttp2Stream } from 'node:http2';
import type { ServerInterceptingCallInterface } from '@grpc/grpc-js';
import { Fault } from '@odograph/kernel/fault';
import type { AnswerMemory } from './answer-memory.ts';
import { http2StreamOf, onSend } from './grpc-internals.ts';

export interface AnswerLimits {
  /** Memory for the answers of streams that wait for their clients, of all clients. */
  readonly maxAnswerBytes: number;
  /** How long an answer may wait for this memory. */
  readonly roomMs: number;
  /** How long a client may take for an answer that waits for it. HTTP/2 of Node does not tell how much of it is sent. */
  readonly takeMs: number;
}

interface StreamAnswersOptions extends AnswerLimits {
  readonly client: string;
  readonly answers: AnswerMemory;
  /** Whether its answers wait for memory. */
  readonly mayWait: boolean;
  /** Ends the call with a status. */
  readonly refuse: (fault: Fault) => void;
}

/** The answers of one call: one that waits for its client, or for the memory to do so. */
export class StreamAnswers {
  readonly client: string;
  readonly #stream: ServerHttp2Stream;
  readonly #options: StreamAnswersOptions;
  /** The bytes that wait for the client, and since when they are the same. */
  #waiting = { bytes: 0, sinceMs: 0 };
  /** Since when an answer waits for memory; undefined if none does. It is not encoded yet. */
  #heldBackSinceMs: number | undefined;

  constructor(call: ServerInterceptingCallInterface, options: StreamAnswersOptions) {
    this.client = options.client;
    this.#stream = http2StreamOf(call);
    this.#options = options;
    if (options.mayWait)
      onSend(call, { whenRoom: (send) => this.#whenRoom(send), onTaken: () => this.#count() });
  }

  sweep(nowMs: number): void {
    const { takeMs, roomMs, maxAnswerBytes, refuse } = this.#options;
    const bytes = this.#stream.writableLength;
    if (bytes === 0 || bytes !== this.#waiting.bytes) this.#waiting = { bytes, sinceMs: nowMs };
    else if (nowMs - this.#waiting.sinceMs > takeMs) this.#stream.close(constants.NGHTTP2_CANCEL);
    const sinceMs = this.#heldBackSinceMs;
    if (sinceMs !== undefined && nowMs - sinceMs > roomMs && !this.#isOver())
      refuse(tooMuchWaits(maxAnswerBytes));
  }

  close(): void {
    this.#options.answers.release(this);
  }

  #whenRoom(send: () => void): void {
    this.#heldBackSinceMs = performance.now();
    this.#options.answers.whenRoom(this, () => {
      this.#heldBackSinceMs = undefined;
      if (this.#isOver()) return;
      send();
      // At once: many calls can be answered before the next sweep.
      this.#count();
    });
  }

  #count(): void {
    this.#options.answers.hold(this, this.#stream.writableLength);
  }

  /** Whether the status is on its way, or nothing can be. */
  #isOver(): boolean {
    return this.#stream.writableEnded || this.#stream.destroyed;
  }
}

function tooMuchWaits(maxBytes: number): Fault {
  const limit = `${maxBytes} bytes of streams wait for their clients, at most half of them for one`;
  return new Fault('OVERLOADED', `more than ${limit}: take them faster, or open fewer streams`, {
    limit,
    retryAfterMs: 1_000,
  });
}
