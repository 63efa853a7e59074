import { type Fault, isFault } from '@odograph/kernel/fault';

/** The first wait before trying again, and the longest. */
const BACKOFF_MS = { first: 100, longest: 5_000 };

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
  const longest = Math.min(BACKOFF_MS.longest, BACKOFF_MS.first * 2 ** Math.min(failuresInARow, 16));
  return longest * (0.5 + Math.random() / 2);
}
