import { constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import {
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  status,
} from '@grpc/grpc-js';
import { Fault, invariant } from '@odograph/kernel/fault';
import type { Logger } from '../logger.ts';
import { type Abuse, createAbuse } from './abuse.ts';
import { clientOf } from './client-address.ts';
import { MessageMeter } from './message-meter.ts';
import { toServiceError } from './status.ts';
import { createUnfinished, type Unfinished, type UnfinishedRequest } from './unfinished.ts';

export interface StreamGuardOptions {
  /** Memory for unfinished messages of all clients. */
  readonly maxUnfinishedBytes: number;
  /** How long a message may take from its first byte to its last, and a request from its start. */
  readonly finishMs: number;
  /** How long a client may take nothing of an answer that waits for it. */
  readonly takeMs: number;
  readonly logger: Logger;
}

export interface StreamGuard {
  readonly interceptor: ServerInterceptor;
  stop(): void;
}

const SWEEP_MS = 1_000;
/** A client that gives up on a call does so later. */
const AT_ONCE_MS = 20;

/**
 * Bounds what callers make the server hold: the messages that they do not finish, by bytes and time, and the answers that
 * they do not take. grpc-js bounds only the length of one message.
 */
export function createStreamGuard(options: StreamGuardOptions): StreamGuard {
  const unfinished = createUnfinished(options.maxUnfinishedBytes);
  const abuse = createAbuse(options.logger);
  const open = new Set<GuardedStream>();
  const sweep = setInterval(() => {
    const nowMs = performance.now();
    for (const each of open) each.sweep(nowMs);
  }, SWEEP_MS).unref();
  return {
    interceptor: ({ requestStream }, call) => {
      blameCaller(call);
      const stream = new GuardedStream(call, { ...options, unfinished, abuse, isUnary: !requestStream });
      open.add(stream);
      stream.onClose(() => open.delete(stream));
      return new ServerInterceptingCall(call);
    },
    stop: () => clearInterval(sweep),
  };
}

interface GuardedStreamOptions extends StreamGuardOptions {
  readonly unfinished: Unfinished;
  readonly abuse: Abuse;
  /** Whether the request is one message: then it is unfinished from its start. */
  readonly isUnary: boolean;
}

/** One call, as the HTTP/2 stream below it. */
class GuardedStream implements UnfinishedRequest {
  readonly client: string;
  readonly #call: ServerInterceptingCallInterface;
  readonly #stream: ServerHttp2Stream;
  readonly #options: GuardedStreamOptions;
  readonly #meter = new MessageMeter();
  readonly #openedAtMs = performance.now();
  /** When the unfinished message began; undefined between messages. */
  #unfinishedSinceMs: number | undefined;
  /** The bytes that wait for the client, and since when their number is the same. */
  #waiting = { bytes: 0, sinceMs: 0 };

  constructor(call: ServerInterceptingCallInterface, options: GuardedStreamOptions) {
    this.client = clientOf(call.getPeer());
    this.#call = call;
    this.#stream = http2StreamOf(call);
    this.#options = options;
    if (options.isUnary) this.#unfinishedSinceMs = this.#openedAtMs;
    this.#stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#stream.once('end', () => this.#finish());
    this.#stream.once('close', () => this.#close());
  }

  onClose(listener: () => void): void {
    this.#stream.once('close', listener);
  }

  refuse(fault: Fault): void {
    this.#finish();
    const { code, details, metadata } = toServiceError(fault, this.#options.logger);
    this.#call.sendStatus({ code, details, metadata });
  }

  sweep(nowMs: number): void {
    const { finishMs, takeMs } = this.#options;
    if (this.#isAnswered()) this.#endUpload();
    else if (this.#unfinishedSinceMs !== undefined && nowMs - this.#unfinishedSinceMs > finishMs)
      this.refuse(new Fault('DEADLINE', `the request was not complete after ${finishMs / 1_000} s`));
    const bytes = this.#stream.writableLength;
    if (bytes === 0 || bytes !== this.#waiting.bytes) this.#waiting = { bytes, sinceMs: nowMs };
    else if (nowMs - this.#waiting.sinceMs > takeMs) this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  #receive(chunk: Buffer): void {
    if (this.#isAnswered()) return;
    this.#meter.add(chunk);
    const { held, isFragmented } = this.#meter;
    const { session } = this.#stream;
    if (isFragmented && session) this.#options.abuse.fragments(session as ServerHttp2Session);
    if (held > 0) this.#unfinishedSinceMs ??= performance.now();
    else if (!this.#options.isUnary) this.#unfinishedSinceMs = undefined;
    this.#options.unfinished.hold(this, held);
  }

  #finish(): void {
    this.#unfinishedSinceMs = undefined;
    this.#options.unfinished.hold(this, 0);
  }

  #close(): void {
    this.#finish();
    const { rstCode, session } = this.#stream;
    const isReset = rstCode !== constants.NGHTTP2_NO_ERROR && !this.#isAnswered();
    if (isReset && session && performance.now() - this.#openedAtMs < AT_ONCE_MS)
      this.#options.abuse.reset(session as ServerHttp2Session);
  }

  /** Whether the status is on its way. */
  #isAnswered(): boolean {
    return this.#stream.writableEnded;
  }

  /** A client may go on with its request after the answer, and would keep its place on the connection (RFC 9113, 8.1). */
  #endUpload(): void {
    const isSent = this.#stream.writableFinished;
    if (isSent && !this.#stream.readableEnded) this.#stream.close(constants.NGHTTP2_NO_ERROR);
  }
}

/** What grpc-js calls INTERNAL although the caller made the mistake. */
const MISTAKES = /^(Failed to decompress message|Invalid grpc-timeout value)/;

/** Corrects the statuses that grpc-js gives by itself, before any interceptor could. */
function blameCaller(call: ServerInterceptingCallInterface): void {
  const send = call.sendStatus.bind(call);
  call.sendStatus = (given) => {
    const isMistake = given.code === status.INTERNAL && MISTAKES.test(given.details ?? '');
    send(isMistake ? { ...given, code: status.INVALID_ARGUMENT } : given);
  };
}

/** grpc-js has no public access to it. */
function http2StreamOf(call: object): ServerHttp2Stream {
  const { stream } = call as { stream?: ServerHttp2Stream };
  invariant(stream, 'a call of grpc-js has its HTTP/2 stream in the field stream');
  return stream;
}
