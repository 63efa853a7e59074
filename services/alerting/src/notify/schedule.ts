import type { Random } from '@odograph/kernel/random';
import type { Outcome } from './receivers/receiver.ts';

const [SECOND_MS, MINUTE_MS, HOUR_MS] = [1_000, 60_000, 3_600_000];

/** Before each attempt, the first included: the schedule of Svix, which Standard Webhooks recommends. */
const WAITS_MS = [
  ...[0, 5 * SECOND_MS, 5 * MINUTE_MS, 30 * MINUTE_MS],
  ...[2, 5, 10, 14, 20, 24].map((hours) => hours * HOUR_MS),
];
export const MAX_ATTEMPTS = WAITS_MS.length;

/**
 * Svix and Stripe repeat what a receiver refuses for days, Alertmanager never does. Three attempts, within about five minutes, let
 * a receiver end its deployment, and a request that stays wrong soon becomes a dead letter that can be replayed.
 */
const MAX_REFUSALS = 3;
const LONGEST_WAIT_MS = 24 * HOUR_MS;
/** A wait is longer by at most this share, so that receivers are not met by all their messages at once. */
const JITTER = 0.1;

/** What follows an attempt that failed. */
export type Next =
  | { readonly kind: 'again'; readonly afterMs: number; readonly reason: string }
  | { readonly kind: 'dead'; readonly reason: string };

/** @param attempts how many there were, with the one that had this outcome */
export function nextAttempt(
  outcome: Exclude<Outcome, { kind: 'delivered' }>,
  attempts: number,
  random: Pick<Random, 'next'>,
): Next {
  const { kind, reason } = outcome;
  if (kind === 'gone') return { kind: 'dead', reason };
  if (kind === 'refused' && (outcome.isFinal || attempts >= MAX_REFUSALS)) return { kind: 'dead', reason };
  const waitMs = WAITS_MS[attempts];
  if (waitMs === undefined)
    return { kind: 'dead', reason: `${attempts} attempts failed, the last one: ${reason}` };
  const askedMs = outcome.kind === 'retry' ? (outcome.afterMs ?? 0) : 0;
  const afterMs = Math.max(waitMs * (1 + JITTER * random.next()), askedMs);
  return { kind: 'again', afterMs: Math.round(Math.min(afterMs, LONGEST_WAIT_MS)), reason };
}
