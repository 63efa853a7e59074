import { backoffMs } from '@odograph/kernel/backoff';
import { type Fault, isFault } from '@odograph/kernel/fault';

const BACKOFF = { firstMs: 100, maxMs: 5_000 };

/** Whether the same may be taken later: the server is away, full or slow, not in disagreement. */
export function isPassing(error: unknown): error is Fault {
  return isFault(error, 'OVERLOADED', 'UNAVAILABLE', 'DEADLINE', 'CANCELLED');
}

/** Whether something that was sent is at fault, and sending it again would not help. */
export function isAboutContent(error: unknown): boolean {
  return isFault(error, 'INVALID_INPUT', 'TOO_LARGE');
}

/** How long to wait before the next try: what the server says, else longer with every failure in a row, never in step with others. */
export function waitMs(retryAfterMs: number | undefined, failuresInARow: number): number {
  if (retryAfterMs !== undefined) return retryAfterMs;
  return backoffMs(failuresInARow, BACKOFF) * (0.5 + Math.random() / 2);
}
