import { Fault, isFault } from '@odograph/kernel/fault';
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
  /** How long a write may take that no reader waits for. If that is over, it is tried once more. */
  readonly writeMs: number;
  /** How long one who deletes waits for it. Then the floor is raised behind the answer, where it may take as long as a write. */
  readonly raiseMs: number;
  readonly writeBehind: { readonly maxItems: number; readonly maxAgeMs: number; readonly maxBytes: number };
  /** Keys whose floors wait for it. */
  readonly maxRepairs: number;
  readonly counts: Pick<CacheCounts, 'refused' | 'dropped'>;
  readonly onFailure: (error: unknown) => void;
}

/** How long each attempt may take, and how many there are if it takes longer. */
interface Limits {
  readonly ms: number;
  readonly attempts: number;
}

/** Writes under way at a time: a thousand at once would keep readers waiting. */
const CONCURRENT_WRITES = 64;

/**
 * A level below the memory of the process, which may be slow or away. What it does not answer is a miss, and what it does not
 * take is not there; only floors must arrive, so they are raised again until it has them.
 */
export class LowerTier {
  readonly #options: LowerTierOptions;
  readonly #behind: WriteBehind;
  readonly #repairs: Repairs;
  readonly #reading: Limits;
  readonly #writing: Limits;
  readonly #raising: Limits;
  #repairing: Promise<void> | undefined;

  constructor(options: LowerTierOptions) {
    this.#options = options;
    this.#repairs = new Repairs(options.maxRepairs);
    this.#reading = { ms: options.patienceMs, attempts: 1 };
    this.#writing = { ms: options.writeMs, attempts: 2 };
    this.#raising = { ms: options.raiseMs, attempts: 1 };
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
    return (await this.#try((tier) => tier.read(keys), this.#reading)) ?? keys.map(() => undefined);
  }

  /** Asks the server that the tier stands on, as patiently as for its own reads. Undefined: it does not answer. */
  async ask<T>(work: () => Promise<T>): Promise<T | undefined> {
    return await this.#try(work, this.#reading);
  }

  /** Some time soon, if nothing newer of the key comes first. */
  writeSoon(write: Write): void {
    this.#behind.add(write);
  }

  /** Now, by the one who has the lease of the key, and whose callers wait. */
  async write(key: string, entry: StoredEntry, lease: string): Promise<WriteOutcome | 'failed'> {
    return (await this.#try((tier) => tier.write(key, entry, lease), this.#reading)) ?? 'failed';
  }

  /** Resolves with false if the tier has not taken it: then it is repaired when the tier answers again. */
  async raise(key: string, floors: Version): Promise<boolean> {
    this.#behind.remove(key);
    const isRaised = await this.#raise(key, floors, this.#raising);
    // Where there is no room, the floors of the processes hold: this one only keeps a value from a process that lags.
    if (!isRaised && !this.#repairs.add(key, floors)) this.#options.counts.dropped(this.name);
    return isRaised;
  }

  /** Raises the floors that it has refused, or joins the repair that is under way. Call it now and then. */
  async repair(): Promise<void> {
    const once = { ...this.#writing, attempts: 1 };
    this.#repairing ??= this.#repairs
      .repair((key, floors) => this.#raise(key, floors, once))
      .finally(() => {
        this.#repairing = undefined;
      });
    await this.#repairing;
  }

  async stop(): Promise<void> {
    await this.#behind.flush();
  }

  async #writeAll(writes: readonly Write[]): Promise<void> {
    const rest = writes.values();
    const writeRest = async () => {
      for (const write of rest) await this.#writeOne(write);
    };
    await Promise.all(Array.from({ length: CONCURRENT_WRITES }, writeRest));
  }

  async #writeOne({ key, entry }: Write): Promise<void> {
    const outcome = await this.#try((tier) => tier.write(key, entry()), this.#writing);
    if (outcome !== undefined && outcome !== 'stored')
      this.#options.counts.refused(typeNameOf(key), this.name, outcome);
  }

  async #raise(key: string, floors: Version, limits: Limits): Promise<boolean> {
    const raise = async (tier: Tier) => {
      await tier.raise(key, floors);
      return true;
    };
    return (await this.#try(raise, limits)) ?? false;
  }

  async #try<T>(work: (tier: Tier) => Promise<T>, { ms, attempts }: Limits): Promise<T | undefined> {
    const { tier, breaker, onFailure } = this.#options;
    if (!breaker.mayCall()) return undefined;
    try {
      const result = await within(ms, work(tier), this.name);
      breaker.succeeded();
      return result;
    } catch (error) {
      breaker.failed();
      onFailure(error);
      if (attempts === 1 || !isFault(error, 'DEADLINE')) return undefined;
    }
    return await this.#try(work, { ms, attempts: attempts - 1 });
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
