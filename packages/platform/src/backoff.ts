import { setTimeout as delay } from 'node:timers/promises';

export interface BackoffOptions {
  /** The longest wait before the first repetition; it doubles with each. */
  readonly firstMs: number;
  readonly maxMs: number;
  /** From 0 to 1, 1 excluded. */
  readonly random?: () => number;
}

/**
 * How long to wait before a repetition, the first being 0: exponential, with full jitter, so that many who failed
 * together do not come back together (M. Brooker, "Exponential Backoff And Jitter", 2015).
 */
export function backoffMs(
  repetition: number,
  { firstMs, maxMs, random = Math.random }: BackoffOptions,
): number {
  return random() * Math.min(maxMs, firstMs * 2 ** repetition);
}

export interface RetryOptions extends BackoffOptions {
  /** Unix time in milliseconds; no wait goes beyond it. */
  readonly deadlineAtMs: number;
  readonly isWorthRetrying: (error: unknown) => boolean;
  readonly signal?: AbortSignal;
}

/** Repeats work until it is done, until an error is not worth it, or until the deadline; then throws the last error. */
export async function retry<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  for (let repetition = 0; ; repetition += 1) {
    try {
      return await work();
    } catch (error) {
      const waitMs = backoffMs(repetition, options);
      const isInTime = Date.now() + waitMs < options.deadlineAtMs;
      if (!isInTime || !options.isWorthRetrying(error)) throw error;
      await delay(waitMs, undefined, options.signal && { signal: options.signal });
    }
  }
}
