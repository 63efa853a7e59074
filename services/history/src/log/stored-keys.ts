import { LRUCache } from 'lru-cache';
import { type BucketName, firstBucket, nextBucket, textOf } from '../domain/ledger/bucket.ts';
import type { Place } from '../domain/ledger/entries.ts';
import { type ReportKey, windowOf } from '../domain/ledger/report-key.ts';
import type { LedgerStore, StoredBucket } from './ledger-store.ts';

const CACHE_BYTES = 32 * 1024 * 1024;
/** Buckets loaded with one query: nearly always less than 2 MB, at most 20 MB. */
const BUCKETS_AT_ONCE = 100;

/** Finds keys in the stored ledger, and keeps what it has read. */
export class StoredKeys {
  readonly #store: Pick<LedgerStore, 'buckets'>;
  #cache = createCache();

  constructor(store: Pick<LedgerStore, 'buckets'>) {
    this.#store = store;
  }

  /** The stored ledger has changed. What is being read now, and is perhaps from before, is kept nowhere. */
  forget(): void {
    this.#cache = createCache();
  }

  /** Loads with few queries the buckets that keys nearly always are in. */
  async prefetch(keys: readonly ReportKey[]): Promise<void> {
    const missing = new Map<string, BucketName>();
    for (const key of keys) {
      const bucket = firstBucketOf(key);
      const name = textOf(bucket);
      if (!this.#cache.has(name)) missing.set(name, bucket);
    }
    const buckets = [...missing.values()];
    for (let at = 0; at < buckets.length; at += BUCKETS_AT_ONCE)
      await this.#load(buckets.slice(at, at + BUCKETS_AT_ONCE));
  }

  /** The places of the stored keys with the hash of a key. */
  async find(key: ReportKey, hash: number): Promise<readonly Place[]> {
    const places: Place[] = [];
    for (let bucket = firstBucketOf(key); ; bucket = nextBucket(bucket, hash)) {
      const stored = this.#cache.get(textOf(bucket)) ?? (await this.#load([bucket]))[0];
      if (stored === undefined) return places;
      places.push(...stored.entries.find(hash));
      if (!stored.isFull) return places;
    }
  }

  async #load(buckets: readonly BucketName[]): Promise<readonly StoredBucket[]> {
    const cache = this.#cache;
    const loaded = await this.#store.buckets(buckets);
    for (const [at, bucket] of buckets.entries()) cache.set(textOf(bucket), loaded[at]);
    return loaded;
  }
}

function createCache(): LRUCache<string, StoredBucket> {
  // Entries that are looked up have a hash table of twice their size.
  const sizeCalculation = ({ entries }: StoredBucket) => 200 + 3 * entries.bytes.length;
  return new LRUCache({ maxSize: CACHE_BYTES, sizeCalculation });
}

const firstBucketOf = (key: ReportKey): BucketName => firstBucket(key.subject, windowOf(key));
