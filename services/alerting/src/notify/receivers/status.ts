import { DELIVERED, type Outcome, retry } from './receiver.ts';

/** Timeout, too early, too many requests: the request may be right and come at the wrong time. */
const RETRIED = [408, 425, 429];

/** What the status of an HTTP answer means. */
export function outcomeOf(status: number, retryAfter: string | undefined, nowMs: number): Outcome {
  if (status >= 200 && status < 300) return DELIVERED;
  const reason = `it answered ${status}`;
  if (status === 410) return { kind: 'gone', reason: `${reason}: it wants no more messages` };
  if (status >= 500 || RETRIED.includes(status)) return retry(reason, afterMs(retryAfter, nowMs));
  if (status >= 300 && status < 400)
    return {
      kind: 'refused',
      reason: `${reason}: redirects are not followed, so its url must be the one that it redirects to`,
      isFinal: true,
    };
  return { kind: 'refused', reason, isFinal: false };
}

/** The header is a number of seconds or a date (RFC 9110, 10.2.3). */
function afterMs(retryAfter: string | undefined, nowMs: number): number | undefined {
  if (retryAfter === undefined) return undefined;
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter) * 1_000;
  const atMs = Date.parse(retryAfter);
  // Date.parse understands more than dates, for example a negative number as a year.
  return Number.isNaN(atMs) || !/^[A-Z][a-z]{2}/.test(retryAfter) ? undefined : Math.max(0, atMs - nowMs);
}
