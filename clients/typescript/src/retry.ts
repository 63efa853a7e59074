import { setTimeout as delay } from 'node:timers/promises';
import { type CallOptions, DEFAULT_DEADLINE_MS, TIMER_MAX_MS } from './call.ts';
import { Fault, type FaultCode, isFault } from './fault.ts';

/** The server is away or full: the same request may succeed later. */
const PASSING: readonly FaultCode[] = ['UNAVAILABLE', 'OVERLOADED'];
/** For reports also a deadline: the report's id makes a second delivery harmless. */
export const PASSING_FOR_REPORTS: readonly FaultCode[] = [...PASSING, 'DEADLINE'];

export interface RetryOptions extends CallOptions {
  /** How often to try, the first time included. Default: as often as the deadline allows. */
  readonly maxAttempts?: number | undefined;
}

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5_000;

/** The server's own delay, or one that doubles with every failure in a row from 100 ms to 5 s, of which up to half is left out at random. */
export function retryDelayMs(retryAfterMs: number | undefined, failuresBefore: number): number {
  const backoffMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** failuresBefore);
  return retryAfterMs ?? backoffMs * (0.5 + Math.random() / 2);
}

/** Throws a Fault CANCELLED when the signal is aborted. */
export async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  throwIfAborted(signal);
  await delay(Math.min(TIMER_MAX_MS, ms), undefined, signal && { signal }).catch(() =>
    throwIfAborted(signal),
  );
}

/** Resolves with the first of these promises, when the time is over, or when the signal is aborted. */
export async function firstOf(
  promises: readonly Promise<unknown>[],
  ms: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => resolve();
  const timer = ms < TIMER_MAX_MS ? setTimeout(wake, ms) : undefined;
  signal?.addEventListener('abort', wake, { once: true });
  await Promise.race([...promises, promise]).finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', wake);
  });
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new Fault('CANCELLED', 'the caller cancelled it', { cause: signal.reason });
}

/** Tries until it succeeds, and throws the last fault when the next try would be after the deadline. */
export async function withRetries<Result>(
  attempt: (options: CallOptions) => Promise<Result>,
  options: RetryOptions,
  retried: readonly FaultCode[] = PASSING,
): Promise<Result> {
  const { deadlineMs = DEFAULT_DEADLINE_MS, maxAttempts = Number.POSITIVE_INFINITY, signal } = options;
  const deadlineAtMs = performance.now() + deadlineMs;
  for (let failures = 0; ; failures += 1) {
    try {
      return await attempt({ ...options, deadlineMs: deadlineAtMs - performance.now() });
    } catch (error) {
      if (!isFault(error, ...retried) || failures + 1 >= maxAttempts) throw error;
      const waitMs = retryDelayMs(error.retryAfterMs, failures);
      if (performance.now() + waitMs >= deadlineAtMs) throw error;
      await sleep(waitMs, signal);
    }
  }
}
