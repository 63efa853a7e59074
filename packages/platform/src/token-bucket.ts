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
  fullAtMs: number;
  usedAtMs: number;
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
  // In order of use: a map iterates in order of insertion, and another key than the last one is inserted again.
  const buckets = new Map<string, Bucket>();
  let lastKey: string | undefined;

  /** The bucket of a key, which is then the last one in use. */
  const use = (key: string, nowMs: number): Bucket => {
    const bucket = buckets.get(key) ?? { fullAtMs: nowMs, usedAtMs: nowMs };
    if (key === lastKey) return bucket;
    lastKey = key;
    buckets.delete(key);
    buckets.set(key, bucket);
    if (buckets.size > maxKeys) {
      const [oldest = key] = buckets.keys();
      buckets.delete(oldest);
    }
    return bucket;
  };

  /** When a bucket would be full if nothing was taken. If the clock was set back, it neither gains nor loses tokens. */
  const fullFrom = ({ fullAtMs, usedAtMs }: Bucket, nowMs: number) =>
    Math.max(fullAtMs - Math.max(0, usedAtMs - nowMs), nowMs);

  /** How long to wait for a number of tokens of a bucket that is full at a time. */
  const waitFor = (count: number, fromMs: number, nowMs: number) => {
    invariant(count >= 0, 'the count of tokens is not negative');
    return Math.max(0, Math.ceil(fromMs + refillMs(Math.min(count, burst) - burst) - nowMs));
  };

  return {
    tryTake(key, count) {
      const nowMs = clock.now();
      const bucket = use(key, nowMs);
      const fromMs = fullFrom(bucket, nowMs);
      const waitMs = waitFor(count, fromMs, nowMs);
      bucket.fullAtMs = waitMs > 0 ? fromMs : fromMs + refillMs(count);
      bucket.usedAtMs = nowMs;
      return waitMs;
    },
    waitMs(key, count) {
      const nowMs = clock.now();
      const bucket = buckets.get(key);
      return waitFor(count, bucket ? fullFrom(bucket, nowMs) : nowMs, nowMs);
    },
  };
}
