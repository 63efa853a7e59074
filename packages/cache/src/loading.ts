import { Fault } from '@odograph/kernel/fault';
import type { Answer, Load, Loaded, LoadMany } from './answer.ts';
import type { CachedType } from './cached-type.ts';
import type { Cooling } from './cooling.ts';
import type { Entries, EntriesDeps, TypeScope } from './entries.ts';
import type { Entry } from './entry.ts';
import type { Flights } from './flights.ts';
import type { Leases } from './leases.ts';
import { formatVersion, reaches, type Stamp, type Version } from './version.ts';
import { orAborted } from './waits.ts';

export interface LoadingDeps<Value> extends Pick<EntriesDeps, 'lower' | 'counts' | 'seen' | 'now'> {
  readonly flights: Flights<Answer<Value>>;
  readonly cooling: Cooling;
  /** Undefined: nothing is shared by which processes could agree who loads. */
  readonly leases: Leases | undefined;
}

/** What a caller wants of a key. */
export interface Wanted<Value> {
  readonly load: Load<Value>;
  readonly atLeast: Version;
  /** Whether a value that is due to be loaded again, though it is fresh, is not enough. */
  readonly isRefresh?: boolean;
}

interface SourceOptions {
  readonly atLeast: Version;
  readonly lease: string | undefined;
  readonly signal: AbortSignal;
}

/** What the result of a source does not have. */
const NOT_KNOWN = { value: undefined, version: [], mayKeep: false } as const;

/**
 * Gets what is not fresh in memory: once for all who wait, from the levels below, else from the source, by this process or by the
 * one that has the lease of the key.
 */
export class Loading<Value> {
  readonly #type: CachedType<Value>;
  readonly #entries: Entries<Value>;
  readonly #deps: LoadingDeps<Value>;

  constructor(type: CachedType<Value>, entries: Entries<Value>, deps: LoadingDeps<Value>) {
    this.#type = type;
    this.#entries = entries;
    this.#deps = deps;
  }

  async one(key: string, wanted: Wanted<Value>, signal: AbortSignal): Promise<Answer<Value>> {
    const { atLeast } = wanted;
    const version = formatVersion(atLeast);
    this.#deps.cooling.throwIfCooling(key + version);
    const fly = (ending: AbortSignal) => this.#fly(key, wanted, ending);
    const answer = await this.#deps.flights.join(key, version, fly, signal);
    if (reaches(answer.version, atLeast)) return answer;
    const name = this.#entries.nameOf(key);
    throw new Fault('UNAVAILABLE', `the source of ${name} has not reached the position that was asked for`);
  }

  /** What became of each key, from the source. */
  async many(
    keys: readonly string[],
    load: LoadMany<Value>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, PromiseSettledResult<Answer<Value>>>> {
    const work = (some: readonly string[], ending: AbortSignal) => this.#manyFromSource(some, load, ending);
    return await this.#deps.flights.joinMany(keys, '', work, signal);
  }

  /** No later caller gets what is under way and below floors that were raised. */
  retire(scope: TypeScope): void {
    if ('key' in scope) this.#deps.flights.retire(scope.key);
    // Which of the values under way have the tag is only known when they are there.
    else if ('tag' in scope) this.#deps.flights.doubt();
    else this.#deps.flights.retireAll();
  }

  async #fly(key: string, wanted: Wanted<Value>, signal: AbortSignal): Promise<Answer<Value>> {
    const { load, atLeast } = wanted;
    const look = () => this.#fromBelow(key, wanted);
    const found = await look();
    if (found) return found;
    // Who wants what the source may not have for long keeps no other process from loading what it has.
    if (atLeast.length > 0) return await this.#fromSource(key, load, { atLeast, lease: undefined, signal });
    const onWait = () => this.#deps.counts.leaseWaited(this.#type.name);
    const lease = await this.#deps.leases?.take(this.#entries.nameOf(key), { signal, look, onWait });
    if (lease && 'answer' in lease) return lease.answer;
    return await this.#fromSource(key, load, { atLeast, lease: lease?.token, signal });
  }

  async #fromBelow(key: string, { atLeast, isRefresh }: Wanted<Value>): Promise<Answer<Value> | undefined> {
    for (const tier of this.#deps.lower) {
      const [entry] = await this.#entries.readFrom(tier, [key]);
      if (entry && reaches(entry.version, atLeast) && !(isRefresh && this.#entries.isDueEarly(entry)))
        return this.#entries.answer(entry, tier.name);
    }
    return undefined;
  }

  async #fromSource(
    key: string,
    load: Load<Value>,
    { atLeast, lease, signal }: SourceOptions,
  ): Promise<Answer<Value>> {
    const { seen, counts, now } = this.#deps;
    const { name } = this.#type;
    const [before, startedAtMs] = [seen(), now()];
    const late = this.#late();
    counts.miss(name);
    try {
      const loaded = await orAborted(load(AbortSignal.any([signal, late]), atLeast), late);
      counts.loaded(name, now() - startedAtMs, false);
      this.#deps.cooling.succeeded(key + formatVersion(atLeast));
      const entry = this.#entries.forms.loaded(loaded, before);
      if (loaded.mayKeep !== false) await this.#storeLoaded(key, entry, lease);
      else this.#leave(key, lease);
      return this.#entries.answer(entry, 'source');
    } catch (error) {
      counts.loaded(name, now() - startedAtMs, true);
      const failure = late.aborted ? this.#notInTime([key]) : error;
      // If the last caller has left, that says nothing about the source.
      const coolMs = signal.aborted ? 0 : this.#deps.cooling.failed(key + formatVersion(atLeast), failure);
      this.#leave(key, lease, coolMs);
      throw failure;
    }
  }

  async #manyFromSource(
    keys: readonly string[],
    load: LoadMany<Value>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Answer<Value>>> {
    for (const _ of keys) this.#deps.counts.miss(this.#type.name);
    const before = this.#deps.seen();
    const late = this.#late();
    try {
      const loaded = await orAborted(load(keys, AbortSignal.any([signal, late])), late);
      return new Map(keys.map((key) => [key, this.#arrived(key, loaded.get(key) ?? NOT_KNOWN, before)]));
    } catch (error) {
      throw late.aborted ? this.#notInTime(keys) : error;
    }
  }

  #arrived(key: string, loaded: Loaded<Value>, before: Stamp): Answer<Value> {
    const entry = this.#entries.forms.loaded(loaded, before);
    if (loaded.mayKeep !== false && this.#entries.remember(key, entry))
      this.#entries.writeSoon(key, entry, this.#deps.lower);
    return this.#entries.answer(entry, 'source');
  }

  /** Its lease is checked by the level that gave it; the others get it soon. */
  async #storeLoaded(key: string, entry: Entry<Value>, lease: string | undefined): Promise<void> {
    const { lower, counts } = this.#deps;
    const isRemembered = this.#entries.remember(key, entry);
    const [shared, ...others] = lower;
    if (lease === undefined || !shared) {
      if (isRemembered) this.#entries.writeSoon(key, entry, lower);
      return;
    }
    if (!isRemembered) {
      this.#leave(key, lease);
      return;
    }
    const name = this.#entries.nameOf(key);
    const outcome = await shared.write(name, this.#entries.forms.stored(entry), lease);
    if (outcome !== 'stored') this.#leave(key, lease);
    if (outcome !== 'stored' && outcome !== 'failed') counts.refused(this.#type.name, shared.name, outcome);
    this.#entries.writeSoon(key, entry, others);
  }

  #leave(key: string, lease: string | undefined, coolMs = 0): void {
    if (lease !== undefined) this.#deps.leases?.leave(this.#entries.nameOf(key), lease, coolMs);
  }

  /** Aborted when the source has taken too long. */
  #late(): AbortSignal {
    return AbortSignal.timeout(this.#type.policy.load.hardMs);
  }

  #notInTime(keys: readonly string[]): Fault {
    const seconds = this.#type.policy.load.hardMs / 1_000;
    const first = this.#entries.nameOf(keys[0] ?? '');
    const which = keys.length === 1 ? first : `${keys.length} values such as ${first}`;
    return new Fault('DEADLINE', `the source of ${which} has not answered within ${seconds} s`);
  }
}
