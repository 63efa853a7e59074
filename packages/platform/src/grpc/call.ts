import { type Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { Fault } from '@odograph/kernel/fault';
import type { Logger } from '../logger.ts';
import type { Admission } from './admission.ts';
import { clientOf } from './client-address.ts';
import { type CallContext, type Method, TIMER_MAX_MS } from './handler.ts';
import { toServiceError } from './status.ts';
import { isTraceparent } from './traceparent.ts';

/** A longer deadline of a caller is cut to this; streams that stay excepted. */
export const MAX_DEADLINE_MS = 5 * 60_000;

/** What all calls of a server share. */
export interface CallScope {
  readonly logger: Logger;
  /** For calls whose caller sets no deadline. Streams that stay have none. */
  readonly defaultDeadlineMs: number;
  readonly open: Set<OpenCall>;
  /** Decides when the work on a call with one answer begins. */
  readonly admission: Admission;
  /** Tells that the handler of a stream of requests has a message, which no longer waits for it. */
  readonly took: (message: Uint8Array) => void;
  /** Converts an error of a handler, for example of MongoDB, to a Fault if it can. */
  readonly toFault: (error: unknown) => unknown;
  /** Called at the end of each call. */
  readonly onEnd: (path: string, code: status, durationMs: number) => void;
}

/** A call that is under way. */
export interface OpenCall {
  readonly context: CallContext;
  /** Aborted when no more requests should be read. The handler continues. */
  readonly reading: AbortSignal;
  /** Called when the server stops: ends a stream, and lets a unary call finish. */
  stop(reason: Fault): void;
  /** Answers the call now without waiting for its handler. */
  abort(reason: Fault): void;
  /** Resolves when the work on the call may begin. It counts as at work until the client has taken the answer. */
  admit(): Promise<void>;
  /** Returns the result of the work. If the signal aborts first (default: the signal of the call), throws its reason. */
  until<T>(work: Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Runs work that the call does not wait for. */
  leave(work: () => Promise<unknown>): void;
  /** Called when the call succeeded. */
  succeed(): void;
  /** Called when the call failed. Returns the error to answer. */
  fail(error: unknown): ServiceError;
}

/** The common part of all grpc-js calls. */
interface ServerCall {
  readonly metadata: Metadata;
  getDeadline(): Date | number;
  getPath(): string;
  getPeer(): string;
  on(event: 'cancelled', listener: () => void): unknown;
  off(event: 'cancelled', listener: () => void): unknown;
}

/** Opens a call, and watches its deadline and its client. */
export function openCall(call: ServerCall, method: Method<never, unknown>, scope: CallScope): OpenCall {
  const startedAtMs = performance.now();
  const [whole, reading] = [new AbortController(), new AbortController()];
  const abort = (reason: Fault) => {
    whole.abort(reason);
    reading.abort(reason);
  };
  const deadlineAtMs = deadlineOf(call, method, scope);
  const stopWatching = watch(call, deadlineAtMs, abort);
  const close = (code: status) => {
    stopWatching();
    scope.open.delete(open);
    scope.onEnd(call.getPath(), code, performance.now() - startedAtMs);
  };
  const onLateFailure = (err: unknown) =>
    scope.logger.debug({ err }, 'a handler failed after its call had ended');

  const open: OpenCall = {
    context: {
      signal: whole.signal,
      deadlineAtMs,
      traceparent: traceparentOf(call),
      client: clientOf(call.getPeer()),
    },
    reading: reading.signal,
    abort,
    stop: (reason) => {
      if (method.kind === 'serverStream') abort(reason);
      if (method.kind === 'bidi') reading.abort(reason);
    },
    async admit() {
      const end = await scope.admission.enter(open.context.client, whole.signal);
      // grpc-js emits it at the end of every call.
      call.on('cancelled', end);
    },
    until: (work, signal = whole.signal) => untilAborted(work, signal, onLateFailure),
    leave: (work) => void work().catch(onLateFailure),
    succeed: () => close(status.OK),
    fail: (error) => {
      const answer = toServiceError(scope.toFault(error), scope.logger);
      close(answer.code);
      return answer;
    },
  };
  scope.open.add(open);
  return open;
}

/** Aborts a call when its deadline passes or its client goes away, until the returned function is called. */
function watch(call: ServerCall, deadlineAtMs: number, abort: (reason: Fault) => void): () => void {
  const onDeadline = () =>
    abort(new Fault('DEADLINE', `${call.getPath()} did not finish before its deadline`));
  const onCancelled = () => {
    if (Date.now() >= deadlineAtMs) onDeadline();
    else abort(new Fault('CANCELLED', `the client of ${call.getPath()} is gone`));
  };
  const leftMs = deadlineAtMs - Date.now();
  const timer = leftMs <= TIMER_MAX_MS ? setTimeout(onDeadline, Math.max(0, leftMs)) : undefined;
  call.on('cancelled', onCancelled);
  return () => {
    clearTimeout(timer);
    call.off('cancelled', onCancelled);
  };
}

function untilAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
  onLateFailure: (error: unknown) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work
      .finally(() => signal.removeEventListener('abort', onAbort))
      .then(resolve, (error) => (signal.aborted ? onLateFailure(error) : reject(error)));
  });
}

function deadlineOf(call: ServerCall, method: Method<never, unknown>, scope: CallScope): number {
  const callersAtMs = Number(call.getDeadline());
  const stays = method.kind === 'bidi' || (method.kind === 'serverStream' && method.stays);
  if (stays) return callersAtMs;
  const longestMs = callersAtMs === Number.POSITIVE_INFINITY ? scope.defaultDeadlineMs : MAX_DEADLINE_MS;
  return Math.min(callersAtMs, Date.now() + longestMs);
}

function traceparentOf({ metadata }: ServerCall): string {
  const [header] = metadata.get('traceparent');
  return typeof header === 'string' && isTraceparent(header) ? header : '';
}
