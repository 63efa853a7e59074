import { LRUCache } from 'lru-cache';
import { type BucketName, firstBucket, nextBucket, textOf } from '../domain/ledger/bucket.ts';
import { Entries, type Place } from '../domain/ledger/entries.ts';
import { type ReportKey, windowOf } from '../domain/ledger/report-key.ts';
import type { LedgerStore, StoredBucket } from './ledger-store.ts';

/** What a writer keeps of the stored ledger, for late reports. */
export const CACHE_BYTES = 32 * 1024 * 1024;
/** Buckets loaded with one query: nearly always less than 2 MB, at most 20 MB. */
const BUCKETS_AT_ONCE = 100;

/** A key, and its hash. */
interface HashedKey {
  readonly key: ReportKey;
  readonly hash: number;
}

/** A hash that is looked up in a bucket, and the places that were found so far. */
interface Lookup {
  readonly hash: number;
  readonly places: Place[];
  readonly bucket: BucketName;
}

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

  /** The places of the stored keys with the hashes of some keys, in the order of these. */
  async find(keys: readonly HashedKey[]): Promise<readonly (readonly Place[])[]> {
    const found = keys.map((): Place[] => []);
    let lookups = keys.map(({ key, hash }, at) => ({
      hash,
      places: found[at] ?? [],
      bucket: firstBucketOf(key),
    }));
    while (lookups.length > 0) lookups = await this.#findEach(lookups);
    return found;
  }

  /** Looks into one bucket for each. Gives what must be looked up in the next bucket too, because this one is full. */
  async #findEach(lookups: readonly Lookup[]): Promise<Lookup[]> {
    const byBucket = [...Map.groupBy(lookups, ({ bucket }) => textOf(bucket)).values()];
    const next: Lookup[] = [];
    for (let at = 0; at < byBucket.length; at += BUCKETS_AT_ONCE) {
      const some = byBucket.slice(at, at + BUCKETS_AT_ONCE);
      const stored = await this.#load(some.flatMap(([first]) => first?.bucket ?? []));
      for (const { hash, places, bucket } of some.flat()) {
        const { entries, isFull } = stored.get(textOf(bucket)) ?? EMPTY;
        places.push(...entries.find(hash));
        if (isFull) next.push({ hash, places, bucket: nextBucket(bucket, hash) });
      }
    }
    return next;
  }

  /** Buckets by their names. Those that are not kept are read with one query. */
  async #load(buckets: readonly BucketName[]): Promise<ReadonlyMap<string, StoredBucket | undefined>> {
    const cache = this.#cache;
    const found = new Map(buckets.map((bucket) => [textOf(bucket), cache.get(textOf(bucket))]));
    const missing = buckets.filter((bucket) => found.get(textOf(bucket)) === undefined);
    if (missing.length === 0) return found;
    const read = await this.#store.buckets(missing);
    for (const [at, bucket] of missing.entries()) {
      cache.set(textOf(bucket), read[at]);
      found.set(textOf(bucket), read[at]);
    }
    return found;
  }
}

const EMPTY: StoredBucket = { entries: new Entries(), isFull: false };

/** Memory of a bucket without its entries. */
const BUCKET_BYTES = 500;

function createCache(): LRUCache<string, StoredBucket> {
  // Entries that are looked up have a hash table of twice their size.
  const sizeCalculation = ({ entries }: StoredBucket) => BUCKET_BYTES + 3 * entries.bytes.length;
  return new LRUCache({ maxSize: CACHE_BYTES, sizeCalculation });
}

const firstBucketOf = (key: ReportKey): BucketName => firstBucket(key.subject, windowOf(key));
