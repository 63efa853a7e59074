import type { Redis } from 'ioredis';
import { Breaker } from './breaker.ts';
import { Cache } from './cache.ts';
import { typeNameOf } from './cached-type.ts';
import type { CacheCounts } from './counts.ts';
import type { StoredEntry } from './entry-bytes.ts';
import type { KeptFloors } from './floors.ts';
import type { TestBus } from './invalidations.fixture.ts';
import type { InvalidationListener } from './invalidations.ts';
import { Leases } from './leases.ts';
import { LowerTier } from './lower-tier.ts';
import type { Policy } from './policy.ts';
import { RedisTier } from './redis-tier.ts';
import type { Tier } from './tier.ts';
import type { TypedCache } from './typed-cache.ts';

const MINUTE_MS = 60_000;

export const POLICY: Policy = {
  softTtlMs: { load: MINUTE_MS, feed: 10 * MINUTE_MS, set: MINUTE_MS },
  ...{ hardTtlMs: 5 * MINUTE_MS, graceMs: 60 * MINUTE_MS, negativeTtlMs: 10_000, jitter: 0, eagerAt: 1 },
  ...{ load: { softMs: 200, hardMs: 5_000 }, tiers: { redis: true, files: true } },
};

export const TEXT = {
  encode: (value: string) => Buffer.from(value),
  decode: (bytes: Uint8Array) => Buffer.from(bytes).toString(),
  bytesOf: (value: string) => 2 * value.length,
};

/** A tier that tests hold up and take away. */
export class HeldTier implements Tier {
  readonly #tier: Tier;
  #reads: Promise<void> = Promise.resolve();
  isAway = false;

  constructor(tier: Tier) {
    this.#tier = tier;
  }

  get name(): Tier['name'] {
    return this.#tier.name;
  }

  /** From now on, what was read is only given after the returned function is called. */
  holdReads(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#reads = promise;
    return resolve;
  }

  async read(keys: readonly string[]) {
    this.#throwIfAway();
    const [found] = await Promise.all([this.#tier.read(keys), this.#reads]);
    return found;
  }

  async write(...[key, entry, lease]: Parameters<Tier['write']>) {
    this.#throwIfAway();
    return await this.#tier.write(key, entry, lease);
  }

  async raise(...[key, floors]: Parameters<Tier['raise']>) {
    this.#throwIfAway();
    await this.#tier.raise(key, floors);
  }

  #throwIfAway(): void {
    if (this.isAway) throw new Error('it is away');
  }
}

/** A tier in memory, which takes what is written last. */
export function tierInMemory(name: Tier['name']): Tier {
  const entries = new Map<string, StoredEntry>();
  return {
    name,
    async read(keys) {
      return keys.map((key) => {
        const entry = entries.get(key);
        return entry && { entry, ageMs: 0 };
      });
    },
    async write(key, entry) {
      entries.set(key, entry);
      return 'stored';
    },
    async raise(key) {
      entries.delete(key);
    },
  };
}

/** A tier as a level that is waited for, whatever it does. */
export function levelOn(tier: Tier, counts: CacheCounts): LowerTier {
  return new LowerTier({
    tier,
    breaker: new Breaker({ now: () => performance.now(), leastCalls: 1_000 }),
    ...{ patienceMs: 5_000, writeMs: 5_000, raiseMs: 5_000, maxRepairs: 1_000, counts },
    writeBehind: { maxItems: 1_000, maxAgeMs: 1, maxBytes: 10_000_000 },
    onFailure: () => undefined,
  });
}

/** Counts that add their names, with their details, to a list. */
export function countsOf(counted: string[]): CacheCounts {
  const count =
    (name: string) =>
    (...details: readonly unknown[]) =>
      void counted.push([name, ...details].join(' '));
  return {
    ...{ hit: count('hit'), miss: count('miss'), stale: count('stale'), refused: count('refused') },
    ...{ evicted: count('evicted'), unreadable: count('unreadable'), leaseWaited: count('leaseWaited') },
    ...{ loaded: () => void counted.push('loaded'), dropped: count('dropped') },
  };
}

/** One process of several that share a Redis and a list of invalidations. */
export interface TestNode {
  readonly cache: Cache;
  readonly texts: TypedCache<string>;
  readonly redis: HeldTier;
  /** How many invalidations it has applied. */
  readonly seen: () => number;
  /** Names of what was counted, with its details. */
  readonly counted: string[];
}

export interface NodeOptions {
  readonly bus: TestBus;
  readonly redis: Redis;
  readonly namespace: string;
  readonly policy?: Partial<Policy>;
  /** Milliseconds. */
  readonly now?: () => number;
  readonly maxBytes?: number;
  /** How long to wait for a process that has the lease of a key. */
  readonly leaseWaitMs?: number;
  /** What an earlier process has kept, in whose place this one comes. */
  readonly earlier?: { readonly at: number; readonly kept: readonly KeptFloors[]; readonly seen: number };
}

export function openNode({
  bus,
  redis,
  namespace,
  policy,
  now = () => performance.now(),
  maxBytes = 100_000_000,
  leaseWaitMs = 5_000,
  earlier,
}: NodeOptions): TestNode {
  const counted: string[] = [];
  const counts = countsOf(counted);
  const giver = new RedisTier({
    ...{ redis, namespace, floorTtlMs: MINUTE_MS },
    onDamage: (key) => counts.unreadable(typeNameOf(key)),
  });
  const tier = new HeldTier(giver);
  const lower = levelOn(tier, counts);
  const listener: InvalidationListener = {
    onRaised: (scopes, stamp) => cache.onRaised(scopes, stamp),
    onMissed: (stamp) => cache.onMissed(stamp),
  };
  const ask = <T>(work: () => Promise<T>) => lower.ask(work);
  const leases = new Leases({ giver, ask, ttlMs: 10_000, waitMs: leaseWaitMs });
  const invalidations = bus.join(listener, earlier?.at, earlier?.seen);
  const cache: Cache = new Cache({
    ...{ lower: [lower], leases, counts, now, random: () => 0.5, maxBytes, invalidations },
    ...(earlier && { kept: earlier.kept }),
  });
  const texts = cache.addType({ name: 'text', policy: { ...POLICY, ...policy }, share: 1, codec: TEXT });
  return { cache, texts, redis: tier, counted, seen: () => invalidations.seen().sequence };
}
