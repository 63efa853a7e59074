import { Fault } from '@odograph/kernel/fault';
import type { Answer, Level, Load, Loaded, LoadMany, StaleReason } from './answer.ts';
import type { CachedType } from './cached-type.ts';
import type { Cooling } from './cooling.ts';
import type { CacheCounts, Refusal } from './counts.ts';
import type { Entry, Writer } from './entry.ts';
import { EntryForms } from './entry-forms.ts';
import type { Flights } from './flights.ts';
import type { Leases } from './leases.ts';
import type { LowerTier } from './lower-tier.ts';
import type { MemoryTier } from './memory-tier.ts';
import type { FoundEntry } from './tier.ts';
import { covers, formatVersion, type Stamp, type Version } from './version.ts';
import { orAborted, soonOf } from './waits.ts';

/** What the types of one cache share. */
export interface SharedDeps {
  /** The levels below the memory of the process, the faster first. */
  readonly lower: readonly LowerTier[];
  readonly leases: Leases | undefined;
  readonly counts: CacheCounts;
  /** Whether a value of this version may be stored and answered. */
  readonly allows: (key: string, tags: readonly string[], version: Version) => boolean;
  /** Up to where the invalidations are applied; part of the version of what is read from now on. */
  readonly seen: () => Stamp;
  /** Whether invalidations of others arrive. If not, nothing is fresh for long. */
  readonly isLive: () => boolean;
  /** Milliseconds, by a clock that only goes forward. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

interface TypedDeps<Value> extends SharedDeps {
  readonly memory: MemoryTier<Value>;
  readonly flights: Flights<Answer<Value>>;
  readonly cooling: Cooling;
}

export interface AskOptions {
  /** Aborted when the caller has left. */
  readonly signal: AbortSignal;
  /** What the answer must reflect. */
  readonly atLeast?: Version;
}

/** What a caller wants of a key. */
interface Wanted<Value> {
  readonly load: Load<Value>;
  readonly atLeast: Version;
  /** Whether a value that is due to be loaded again, though it is fresh, is not enough. */
  readonly isRefresh?: boolean;
}

/** Of a caller who never leaves. */
const stays = () => new AbortController().signal;

/** What the result of a source does not have. */
const NOT_KNOWN = { value: undefined, version: [], mayKeep: false } as const;

/** How long an entry is fresh in memory while no invalidations arrive. */
const UNSURE_FRESH_MS = 2_000;

/** The cache of one type of values. Keys are without the name of the type. */
export class TypedCache<Value> {
  readonly #type: CachedType<Value>;
  readonly #deps: TypedDeps<Value>;
  readonly #forms: EntryForms<Value>;

  constructor(type: CachedType<Value>, deps: TypedDeps<Value>) {
    this.#type = type;
    this.#deps = deps;
    this.#forms = new EntryForms(type, deps);
  }

  /** Its share of the memory. */
  get share(): number {
    return this.#type.share;
  }

  /** The levels that its values are kept in, below the memory of the process. */
  get lower(): readonly LowerTier[] {
    return this.#deps.lower;
  }

  get bytes(): number {
    return this.#deps.memory.bytes;
  }

  get size(): number {
    return this.#deps.memory.size;
  }

  /** The value if it is in memory and fresh. Synchronous: the fastest read there is. */
  peek(key: string): Value | undefined {
    const held = this.#deps.memory.held(key);
    if (held === undefined || held.freshUntilMs <= this.#deps.now()) return undefined;
    return this.#isLive(key) || this.#isFresh(key, held.entry) ? held.value : undefined;
  }

  /**
   * The same as an answer, which counts. It is loaded again behind the answer if it will not be fresh for long.
   * @param atLeast what the answer must reflect
   */
  getFresh(key: string, load: Load<Value>, atLeast: Version = []): Answer<Value> | undefined {
    const held = this.#deps.memory.get(key);
    if (!held || !this.#isFresh(key, held) || !reaches(held.version, atLeast)) return undefined;
    if (this.#isDueEarly(held)) this.#refreshBehind(key, load);
    return this.#counted(this.#answer(held, 'memory'));
  }

  /**
   * The value of a key, from the nearest level that has it, or from its source.
   * Those who ask for the same key meanwhile wait for the same. If the source is slow or fails, an older value is answered, as
   * long as the policy of the type allows.
   * @throws what the source throws if there is no such value, and the reason of the signal
   */
  async getOrLoad(
    key: string,
    load: Load<Value>,
    { signal, atLeast = [] }: AskOptions,
  ): Promise<Answer<Value>> {
    const fresh = this.getFresh(key, load, atLeast);
    if (fresh) return fresh;
    const older = this.#olderOf(key);
    const wanted = { load, atLeast };
    if (!older || !reaches(older.version, atLeast))
      return this.#counted(await this.#fetch(key, wanted, signal));
    return this.#counted(await this.#orOlder(older, this.#fetch(key, wanted, stays()), signal));
  }

  /** The fresh values of keys, from the levels that have them; undefined for the others. */
  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Answer<Value> | undefined>> {
    const answers = new Map<string, Answer<Value> | undefined>();
    for (const key of keys) {
      const held = this.#deps.memory.get(key);
      answers.set(key, held && this.#isFresh(key, held) ? this.#answer(held, 'memory') : undefined);
    }
    for (const tier of this.#deps.lower) {
      const missing = keys.filter((key) => answers.get(key) === undefined);
      if (missing.length === 0) break;
      const found = await tier.read(missing.map((key) => this.nameOf(key)));
      for (const [at, key] of missing.entries()) {
        const entry = this.#take(key, found[at], tier.name);
        if (entry) answers.set(key, this.#answer(entry, tier.name));
      }
    }
    for (const answer of answers.values()) if (answer) this.#counted(answer);
    return answers;
  }

  /**
   * The values of keys. Those that no level has are loaded together, and who asks for one of them meanwhile waits for the same.
   * If the source is slow and each of them has an older value, or if it fails, older values are answered, as long as the policy
   * of the type allows.
   * @throws what the source throws if there is no such value for one of the keys, and the reason of the signal
   */
  async getOrLoadMany(
    keys: readonly string[],
    load: LoadMany<Value>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Answer<Value>>> {
    const answers = new Map<string, Answer<Value>>();
    for (const [key, answer] of await this.getMany(keys)) if (answer) answers.set(key, answer);
    const missing = keys.filter((key) => !answers.has(key));
    if (missing.length === 0) return answers;
    const fetched = await this.#fetchMany(missing, load, signal);
    for (const [key, answer] of fetched) answers.set(key, this.#counted(answer));
    return answers;
  }

  /**
   * Takes a value that its writer knows to be the newest up to a version. It is in memory at once, and in the levels below soon
   * after. What follows the log stays in memory: all processes follow it, and below it would be old with the next event.
   * @returns false if a newer one is there, or a floor is above it
   */
  put(key: string, loaded: Loaded<Value>, writer: Writer = 'feed'): boolean {
    const entry = this.#forms.fresh(loaded, writer);
    if (!this.#remember(key, entry)) return false;
    if (writer !== 'feed') this.#writeSoon(key, entry, this.#deps.lower);
    return true;
  }

  /** What floors call the entry of a key. */
  nameOf(key: string): string {
    return `${this.#type.name}:${key}`;
  }

  /** Whether nothing is known that makes a value of this version invalid. */
  isCurrent(key: string, version: Version, tags: readonly string[] = []): boolean {
    return this.#deps.allows(this.nameOf(key), tags, version);
  }

  /** What is held of a key in memory, whatever its age. It does not count as a use. */
  inspect(key: string): Entry<Value> | undefined {
    return this.#deps.memory.peek(key);
  }

  /** The bytes of a value in memory, roughly. */
  bytesOf(value: Value): number {
    return this.#type.codec.bytesOf(value);
  }

  /** The keys in memory, the one that was used last first. */
  hotKeys(): Iterable<string> {
    return this.#deps.memory.keys();
  }

  /** Drops what is below floors that were raised. No later caller gets the value of a load that began before and is below them. */
  drop(scope: { readonly key: string } | { readonly tag: string } | { readonly all: true }): void {
    const { memory, flights } = this.#deps;
    const dropOne = (key: string) => {
      const held = memory.peek(key);
      if (held && !this.#isAllowed(key, held)) memory.delete(key);
    };
    if ('key' in scope) {
      dropOne(scope.key);
      flights.retire(scope.key);
      return;
    }
    for (const key of 'tag' in scope ? memory.keysOf(scope.tag) : memory.keys()) dropOne(key);
    // Which of the values under way have the tag is only known when they are there.
    if ('tag' in scope) flights.doubt();
    else flights.retireAll();
  }

  /** Deletes everything in memory. */
  clear(): void {
    this.#deps.memory.clear();
    this.#deps.flights.retireAll();
  }

  /** Deletes the entries that may not be answered any more. */
  sweep(): number {
    const now = this.#deps.now();
    return this.#deps.memory.sweep((_, { keptUntilMs }) => keptUntilMs > now);
  }

  /**
   * Waits for the newer value as long as the policy says, and for its failure. Then the older one is answered.
   * The load goes on when its callers have left, or those in a hurry would keep the value from ever being renewed.
   */
  async #orOlder(
    older: Entry<Value>,
    loading: Promise<Answer<Value>>,
    signal: AbortSignal,
  ): Promise<Answer<Value>> {
    try {
      const first = await soonOf(loading, this.#waitMs([older]), signal);
      if (first) return first;
      return this.#isKept(older) ? this.#stale(older, 'slow') : await orAborted(loading, signal);
    } catch (error) {
      if (signal.aborted || !this.#isKept(older)) throw error;
      return this.#stale(older, 'failed');
    }
  }

  /** How long to wait for newer values than these. */
  #waitMs(older: readonly Entry<Value>[]): number {
    const { softMs, hardMs } = this.#type.policy.load;
    const now = this.#deps.now();
    return older.every(({ servedUntilMs }) => servedUntilMs > now) ? softMs : hardMs;
  }

  async #fetch(key: string, wanted: Wanted<Value>, signal: AbortSignal): Promise<Answer<Value>> {
    const { flights, cooling } = this.#deps;
    const { atLeast } = wanted;
    const version = formatVersion(atLeast);
    cooling.throwIfCooling(key + version);
    const fly = (ending: AbortSignal) => this.#fly(key, wanted, ending);
    const answer = await flights.join(key, version, fly, signal);
    if (reaches(answer.version, atLeast)) return answer;
    throw new Fault(
      'UNAVAILABLE',
      `the source of ${this.nameOf(key)} has not reached the position that was asked for`,
    );
  }

  /** From the levels below, else from the source: by this process, or by the one that has the lease of the key. */
  async #fly(key: string, wanted: Wanted<Value>, signal: AbortSignal): Promise<Answer<Value>> {
    const { load, atLeast } = wanted;
    const look = () => this.#fromBelow(key, wanted);
    const found = await look();
    if (found) return found;
    // Who wants what the source may not have for long keeps no other process from loading what it has.
    if (atLeast.length > 0) return await this.#fromSource(key, load, { atLeast, lease: undefined, signal });
    const onWait = () => this.#deps.counts.leaseWaited(this.#type.name);
    const lease = await this.#deps.leases?.take(this.nameOf(key), { signal, look, onWait });
    if (lease && 'answer' in lease) return lease.answer;
    return await this.#fromSource(key, load, { atLeast, lease: lease?.token, signal });
  }

  /** Waits as `#orOlder` if each of the keys has an older value. */
  async #fetchMany(
    keys: readonly string[],
    load: LoadMany<Value>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Answer<Value>>> {
    const { flights } = this.#deps;
    const older = () => keys.flatMap((key) => this.#olderOf(key) ?? []);
    const hasAll = () => older().length === keys.length;
    const work = (some: readonly string[], ending: AbortSignal) => this.#manyFromSource(some, load, ending);
    if (!hasAll()) return this.#outcomesOf(keys, await flights.joinMany(keys, '', work, signal));
    const loading = flights.joinMany(keys, '', work, stays());
    const settled = await soonOf(loading, this.#waitMs(older()), signal);
    if (settled || hasAll()) return this.#outcomesOf(keys, settled);
    return this.#outcomesOf(keys, await orAborted(loading, signal));
  }

  #outcomesOf(
    keys: readonly string[],
    settled: ReadonlyMap<string, PromiseSettledResult<Answer<Value>>> | undefined,
  ): ReadonlyMap<string, Answer<Value>> {
    return new Map(keys.map((key) => [key, this.#outcomeOf(key, settled?.get(key))]));
  }

  /** What was loaded, or the older value of a key whose load is slow or has failed. */
  #outcomeOf(key: string, settled: PromiseSettledResult<Answer<Value>> | undefined): Answer<Value> {
    if (settled?.status === 'fulfilled') return settled.value;
    const older = this.#olderOf(key);
    if (!older) throw settled?.reason;
    return this.#stale(older, settled ? 'failed' : 'slow');
  }

  async #manyFromSource(
    keys: readonly string[],
    load: LoadMany<Value>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Answer<Value>>> {
    for (const _ of keys) this.#deps.counts.miss(this.#type.name);
    const before = this.#deps.seen();
    const late = AbortSignal.timeout(this.#type.policy.load.hardMs);
    try {
      const loaded = await orAborted(load(keys, AbortSignal.any([signal, late])), late);
      return new Map(keys.map((key) => [key, this.#arrived(key, loaded.get(key) ?? NOT_KNOWN, before)]));
    } catch (error) {
      throw late.aborted ? this.#notInTime(keys) : error;
    }
  }

  #arrived(key: string, loaded: Loaded<Value>, before: Stamp): Answer<Value> {
    const entry = this.#forms.loaded(loaded, before);
    if (loaded.mayKeep !== false && this.#remember(key, entry)) this.#writeSoon(key, entry, this.#deps.lower);
    return this.#answer(entry, 'source');
  }

  async #fromBelow(key: string, { atLeast, isRefresh }: Wanted<Value>): Promise<Answer<Value> | undefined> {
    for (const tier of this.#deps.lower) {
      const [found] = await tier.read([this.nameOf(key)]);
      const entry = this.#take(key, found, tier.name);
      if (entry && reaches(entry.version, atLeast) && !(isRefresh && this.#isDueEarly(entry)))
        return this.#answer(entry, tier.name);
    }
    return undefined;
  }

  /** What a level below has, if it is fresh and no floor is above it. It is in memory then. */
  #take(key: string, found: FoundEntry | undefined, from: Level): Entry<Value> | undefined {
    if (!found) return undefined;
    const entry = this.#decode(found);
    // What is refused was left there: it came in time, and became invalid or old since.
    if (!entry || this.#store(key, entry) || !this.#isFresh(key, entry)) return undefined;
    const faster = this.#deps.lower.slice(
      0,
      this.#deps.lower.findIndex(({ name }) => name === from),
    );
    this.#writeSoon(key, entry, faster);
    return entry;
  }

  /** What another program has written may be no value for this one: then there is none. */
  #decode(found: FoundEntry): Entry<Value> | undefined {
    try {
      return this.#forms.found(found);
    } catch {
      this.#deps.counts.unreadable(this.#type.name);
      return undefined;
    }
  }

  async #fromSource(
    key: string,
    load: Load<Value>,
    {
      atLeast,
      lease,
      signal,
    }: { readonly atLeast: Version; readonly lease: string | undefined; readonly signal: AbortSignal },
  ): Promise<Answer<Value>> {
    const { seen, cooling, counts, now, leases } = this.#deps;
    const { name, policy } = this.#type;
    const [before, startedAtMs] = [seen(), now()];
    const late = AbortSignal.timeout(policy.load.hardMs);
    counts.miss(name);
    try {
      const loaded = await orAborted(load(AbortSignal.any([signal, late]), atLeast), late);
      counts.loaded(name, now() - startedAtMs, false);
      cooling.succeeded(key + formatVersion(atLeast));
      const entry = this.#forms.loaded(loaded, before);
      if (loaded.mayKeep !== false) await this.#storeLoaded(key, entry, lease);
      else if (lease) await leases?.keep(this.nameOf(key), lease, 0);
      return this.#answer(entry, 'source');
    } catch (error) {
      counts.loaded(name, now() - startedAtMs, true);
      const failure = late.aborted ? this.#notInTime([key]) : error;
      // If the last caller has left, that says nothing about the source.
      const coolMs = signal.aborted ? 0 : cooling.failed(key + formatVersion(atLeast), failure);
      if (lease) await leases?.keep(this.nameOf(key), lease, coolMs);
      throw failure;
    }
  }

  #notInTime(keys: readonly string[]): Fault {
    const seconds = this.#type.policy.load.hardMs / 1_000;
    const [first = ''] = keys;
    const which =
      keys.length === 1 ? this.nameOf(first) : `${keys.length} values such as ${this.nameOf(first)}`;
    return new Fault('DEADLINE', `the source of ${which} has not answered within ${seconds} s`);
  }

  /** Its lease is checked by the level that gave it; the others get it soon. */
  async #storeLoaded(key: string, entry: Entry<Value>, lease: string | undefined): Promise<void> {
    const { lower, leases, counts } = this.#deps;
    const isRemembered = this.#remember(key, entry);
    const [shared, ...others] = lower;
    if (lease === undefined || !shared) {
      if (isRemembered) this.#writeSoon(key, entry, lower);
      return;
    }
    if (!isRemembered) return await leases?.keep(this.nameOf(key), lease, 0);
    const outcome = await shared.write(this.nameOf(key), this.#forms.stored(entry), lease);
    if (outcome !== 'stored' && outcome !== 'failed') counts.refused(this.#type.name, shared.name, outcome);
    this.#writeSoon(key, entry, others);
  }

  /** A value that was loaded or written. False if a floor is above it, or memory has a newer one. */
  #remember(key: string, entry: Entry<Value>): boolean {
    const refusal = this.#store(key, entry);
    if (refusal) this.#deps.counts.refused(this.#type.name, 'memory', refusal);
    return refusal === undefined;
  }

  /** Returns why memory does not take it; undefined if it does. */
  #store(key: string, entry: Entry<Value>): Refusal | undefined {
    if (!this.#isAllowed(key, entry)) return 'below';
    return this.#deps.memory.store(key, entry) ? undefined : 'older';
  }

  #writeSoon(key: string, entry: Entry<Value>, tiers: readonly LowerTier[]): void {
    const bytes = entry.value === undefined ? 0 : this.#type.codec.bytesOf(entry.value);
    for (const tier of tiers)
      tier.writeSoon({ key: this.nameOf(key), entry: () => this.#forms.stored(entry), bytes });
  }

  #refreshBehind(key: string, load: Load<Value>): void {
    // Its failure is counted and cools the key; the value that is there is fresh still.
    this.#fetch(key, { load, atLeast: [], isRefresh: true }, stays()).catch(() => undefined);
  }

  #isAllowed(key: string, { tags, version }: Entry<Value>): boolean {
    return this.#deps.allows(this.nameOf(key), tags, version);
  }

  #isFresh(key: string, { readAtMs, freshUntilMs }: Entry<Value>): boolean {
    const now = this.#deps.now();
    if (freshUntilMs <= now) return false;
    return this.#isLive(key) || readAtMs + UNSURE_FRESH_MS > now;
  }

  /** A value that may be answered if there is not a newer one. */
  #olderOf(key: string): Entry<Value> | undefined {
    const held = this.#deps.memory.get(key);
    return held && this.#isKept(held) ? held : undefined;
  }

  #isKept({ keptUntilMs }: Entry<Value>): boolean {
    return keptUntilMs > this.#deps.now();
  }

  #isLive(key: string): boolean {
    return this.#deps.isLive() && this.#type.isLive?.(key) !== false;
  }

  #isDueEarly({ readAtMs, freshUntilMs, writer }: Entry<Value>): boolean {
    const dueAtMs = readAtMs + (freshUntilMs - readAtMs) * this.#type.policy.eagerAt;
    return writer === 'load' && this.#deps.now() > dueAtMs;
  }

  #answer(
    { value, version, tags, readAtMs }: Entry<Value>,
    from: Level,
    staleBecause?: StaleReason,
  ): Answer<Value> {
    return { value, version, tags, from, ageMs: this.#deps.now() - readAtMs, staleBecause };
  }

  /** Each caller gets an answer, also those who have waited for the same load. */
  #counted(answer: Answer<Value>): Answer<Value> {
    this.#deps.counts.hit(this.#type.name, answer.from);
    return answer;
  }

  #stale(entry: Entry<Value>, reason: StaleReason): Answer<Value> {
    this.#deps.counts.stale(this.#type.name, reason);
    return this.#answer(entry, 'memory', reason);
  }
}

/** Whether a version reflects all that is asked for. */
function reaches(version: Version, atLeast: Version): boolean {
  return atLeast.every((stamp) => covers(version, stamp));
}
