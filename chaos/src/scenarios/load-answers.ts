import type { Fault } from '@odograph/kernel/fault';
import type { Round } from '../round/round.ts';

/** Every reporter has an answer or a timeout within this time. */
const RECENT_MS = 4_000;

/** How many reports were acknowledged in batches that started after a time of `performance.now()`. */
export function acknowledgedSince(round: Round, sinceMs: number): number {
  return round.batchesSince(sinceMs).flatMap(({ acknowledged }) => acknowledged).length;
}

/** All recent batches were refused as OVERLOADED, with a retry delay. */
export function isOverloaded(round: Round): boolean {
  return isRefused(round, ({ code, retryAfterMs }) => code === 'OVERLOADED' && retryAfterMs !== undefined);
}

/** All recent batches were refused, with faults that match. */
export function isRefused(round: Round, matches: (fault: Fault) => boolean): boolean {
  const batches = round.batchesSince(performance.now() - RECENT_MS);
  return batches.length > 0 && batches.every(({ fault }) => fault !== undefined && matches(fault));
}

/** Waits until reports are accepted again, and a moment longer. If they are not in time, the rule is broken. */
export async function untilAccepted(
  round: Round,
  withinMs: number,
  rule = 'reports are accepted again without help',
): Promise<void> {
  const sinceMs = performance.now();
  const isAccepted = () =>
    round.batchesSince(sinceMs).some(({ fault, acknowledged }) => !fault && acknowledged.length > 10);
  await round.until(rule, isAccepted, withinMs);
  await round.wait(1_500);
}
