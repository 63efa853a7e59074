import type { Clock } from '@odograph/kernel/clock';
import { invariant } from '@odograph/kernel/fault';

export interface TokenBucketOptions {
  /** Tokens that come back each second, and tokens a full bucket holds. */
  readonly ratePerSecond: number;
  /** Buckets that are kept at most. */
  readonly maxKeys?: number;
  readonly clock: Clock;
}

export interface TokenBuckets {
  /** Takes tokens from a key's bucket: 0 if it could, else the milliseconds after which it can. */
  tryTake(key: string, count: number): number;
}

interface Bucket {
  /** When it will be full again: it holds what comes back until then less. */
  readonly fullAtMs: number;
  readonly usedAtMs: number;
}

/**
 * A token bucket a key, such as a client's. More tokens than a bucket holds can be taken from a full one only, and are
 * paid off before the next. Of too many keys the one unused for longest is forgotten: its bucket is full again.
 */
export function createTokenBuckets(options: TokenBucketOptions): TokenBuckets {
  const { ratePerSecond, maxKeys = 10_000, clock } = options;
  invariant(ratePerSecond > 0 && maxKeys > 0, 'a token bucket has a rate and room');
  const refillMs = (tokens: number) => (tokens / ratePerSecond) * 1_000;
  // In order of use: a map iterates in order of insertion, and a key that is used is inserted anew.
  const buckets = new Map<string, Bucket>();

  const use = (key: string, bucket: Bucket) => {
    buckets.delete(key);
    buckets.set(key, bucket);
    const [oldest] = buckets.keys();
    if (buckets.size > maxKeys && oldest !== undefined) buckets.delete(oldest);
  };

  const tryTake = (key: string, count: number) => {
    invariant(count >= 0, 'tokens are taken, not given');
    const nowMs = clock.now();
    const { fullAtMs, usedAtMs } = buckets.get(key) ?? { fullAtMs: nowMs, usedAtMs: nowMs };
    // A clock that is set back gives nothing, and takes nothing.
    const setBackMs = Math.max(0, usedAtMs - nowMs);
    const fromMs = Math.max(fullAtMs - setBackMs, nowMs);
    const missing = Math.min(count, ratePerSecond) - ratePerSecond;
    const waitMs = Math.max(0, Math.ceil(fromMs + refillMs(missing) - nowMs));
    use(key, { fullAtMs: waitMs > 0 ? fromMs : fromMs + refillMs(count), usedAtMs: nowMs });
    return waitMs;
  };
  return { tryTake };
}
