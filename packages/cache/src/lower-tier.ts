import { Fault } from '@odograph/kernel/fault';
import type { Breaker, BreakerState } from './breaker.ts';
import { typeNameOf } from './cached-type.ts';
import type { CacheCounts } from './counts.ts';
import type { StoredEntry } from './entry-bytes.ts';
import { Repairs } from './repairs.ts';
import type { FoundEntry, Tier, WriteOutcome } from './tier.ts';
import type { Version } from './version.ts';
import { type Write, WriteBehind } from './write-behind.ts';

interface LowerTierOptions {
  readonly tier: Tier;
  readonly breaker: Breaker;
  /** How long a reader waits for it. Then it is a miss. */
  readonly patienceMs: number;
  readonly writeBehind: { readonly maxItems: number; readonly maxAgeMs: number; readonly maxBytes: number };
  /** Keys whose floors wait for it. */
  readonly maxRepairs: number;
  readonly counts: Pick<CacheCounts, 'refused' | 'dropped'>;
  readonly onFailure: (error: unknown) => void;
}

/**
 * A level below the memory of the process, which may be slow or away. What it does not answer is a miss, and what it does not
 * take is not there; only floors must arrive, so they are raised again until it has them.
 */
export class LowerTier {
  readonly #options: LowerTierOptions;
  readonly #behind: WriteBehind;
  readonly #repairs: Repairs;

  constructor(options: LowerTierOptions) {
    this.#options = options;
    this.#repairs = new Repairs(options.maxRepairs);
    this.#behind = new WriteBehind({
      ...options.writeBehind,
      write: (writes) => this.#writeAll(writes),
      onDrop: () => options.counts.dropped(this.name),
    });
  }

  get name(): Tier['name'] {
    return this.#options.tier.name;
  }

  get state(): BreakerState {
    return this.#options.breaker.state;
  }

  get queueDepth(): number {
    return this.#behind.depth;
  }

  get repairDepth(): number {
    return this.#repairs.depth;
  }

  async read(keys: readonly string[]): Promise<readonly (FoundEntry | undefined)[]> {
    return (await this.#try((tier) => tier.read(keys))) ?? keys.map(() => undefined);
  }

  /** Asks the server that the tier stands on, as patiently as for its own reads. Undefined: it does not answer. */
  async ask<T>(work: () => Promise<T>): Promise<T | undefined> {
    return await this.#try(work);
  }

  /** Some time soon, if nothing newer of the key comes first. */
  writeSoon(write: Write): void {
    this.#behind.add(write);
  }

  /** Now, by the one who has the lease of the key. */
  async write(key: string, entry: StoredEntry, lease: string): Promise<WriteOutcome | 'failed'> {
    return (await this.#try((tier) => tier.write(key, entry, lease))) ?? 'failed';
  }

  /** Resolves with false if the tier has not taken it: then it is repaired when the tier answers again. */
  async raise(key: string, floors: Version): Promise<boolean> {
    this.#behind.remove(key);
    const isRaised = await this.#try(async (tier) => {
      await tier.raise(key, floors);
      return true;
    });
    // Where there is no room, the floors of the processes hold: this one only keeps a value from a process that lags.
    if (!isRaised && !this.#repairs.add(key, floors)) this.#options.counts.dropped(this.name);
    return isRaised ?? false;
  }

  /** Raises the floors that it has refused. Call it now and then. */
  async repair(): Promise<void> {
    if (this.#repairs.depth === 0) return;
    await this.#try((tier) => this.#repairs.repair((key, floors) => tier.raise(key, floors)));
  }

  async stop(): Promise<void> {
    await this.#behind.flush();
  }

  async #writeAll(writes: readonly Write[]): Promise<void> {
    await Promise.all(
      writes.map(async ({ key, entry }) => {
        const outcome = await this.#try((tier) => tier.write(key, entry()));
        if (outcome !== undefined && outcome !== 'stored')
          this.#options.counts.refused(typeNameOf(key), this.name, outcome);
      }),
    );
  }

  async #try<T>(work: (tier: Tier) => Promise<T>): Promise<T | undefined> {
    const { tier, breaker, patienceMs, onFailure } = this.#options;
    if (!breaker.mayCall()) return undefined;
    try {
      const result = await within(patienceMs, work(tier), this.name);
      breaker.succeeded();
      return result;
    } catch (error) {
      breaker.failed();
      onFailure(error);
      return undefined;
    }
  }
}

/** Rejects when it takes too long. What comes later of it is left alone. */
async function within<T>(ms: number, work: Promise<T>, name: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Fault('DEADLINE', `${name} has not answered within ${ms} ms`)),
    ms,
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
