import type { Clock } from '@odograph/kernel/clock';
import { invariant } from '@odograph/kernel/fault';

interface TokenBucketOptions {
  /** Tokens that a bucket regains each second. */
  readonly ratePerSecond: number;
  /** Tokens in a full bucket: what one key may take at once. */
  readonly burst: number;
  /** How many buckets are kept. Default: {@link MAX_KEYS}. */
  readonly maxKeys?: number;
  readonly clock: Clock;
}

/** Clients may have very many addresses. */
export const MAX_KEYS = 10_000;

interface TokenBuckets {
  /** Takes tokens from the bucket of a key and returns 0. If it has too few, returns after how many milliseconds to retry. */
  tryTake(key: string, count: number): number;
  /** What `tryTake` would return now, without taking any. */
  waitMs(key: string, count: number): number;
}

interface Bucket {
  /** When the bucket is full again. It lacks the tokens that it regains until then. */
  readonly fullAtMs: number;
  readonly usedAtMs: number;
}

/**
 * One token bucket for each key, for example for each client. A request for more tokens than a bucket holds needs a full
 * bucket, and later requests wait until it is paid off. Above `maxKeys`, the least recently used bucket is dropped, which
 * makes it full again.
 */
export function createTokenBuckets(options: TokenBucketOptions): TokenBuckets {
  const { ratePerSecond, burst, maxKeys = MAX_KEYS, clock } = options;
  invariant(ratePerSecond > 0 && burst > 0 && maxKeys > 0, 'ratePerSecond, burst and maxKeys are above 0');
  const refillMs = (tokens: number) => (tokens / ratePerSecond) * 1_000;
  // In order of use: a map iterates in order of insertion, and each use reinserts the key.
  const buckets = new Map<string, Bucket>();

  let lastKey: string | undefined;

  const use = (key: string, bucket: Bucket) => {
    if (key !== lastKey) buckets.delete(key);
    lastKey = key;
    buckets.set(key, bucket);
    if (buckets.size <= maxKeys) return;
    const [oldest = key] = buckets.keys();
    buckets.delete(oldest);
  };

  /** When the bucket of a key would be full if nothing was taken now, and how long to wait for a number of tokens. */
  const look = (key: string, count: number) => {
    invariant(count >= 0, 'the count of tokens is not negative');
    const nowMs = clock.now();
    const { fullAtMs, usedAtMs } = buckets.get(key) ?? { fullAtMs: nowMs, usedAtMs: nowMs };
    // If the clock was set back, the bucket neither gains nor loses tokens.
    const setBackMs = Math.max(0, usedAtMs - nowMs);
    const fromMs = Math.max(fullAtMs - setBackMs, nowMs);
    const missing = Math.min(count, burst) - burst;
    return { nowMs, fromMs, waitMs: Math.max(0, Math.ceil(fromMs + refillMs(missing) - nowMs)) };
  };

  return {
    tryTake(key, count) {
      const { nowMs, fromMs, waitMs } = look(key, count);
      use(key, { fullAtMs: waitMs > 0 ? fromMs : fromMs + refillMs(count), usedAtMs: nowMs });
      return waitMs;
    },
    waitMs: (key, count) => look(key, count).waitMs,
  };
}
