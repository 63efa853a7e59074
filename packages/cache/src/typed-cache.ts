import type { Answer, Load, Loaded, LoadMany, StaleReason } from './answer.ts';
import type { CachedType } from './cached-type.ts';
import { Entries, type EntriesDeps, type TypeScope } from './entries.ts';
import type { Entry, Writer } from './entry.ts';
import { Loading, type LoadingDeps } from './loading.ts';
import type { LowerTier } from './lower-tier.ts';
import type { MemoryTier } from './memory-tier.ts';
import { reaches, type Version } from './version.ts';
import { orAborted, soonOf } from './waits.ts';

interface TypedDeps<Value> extends EntriesDeps, LoadingDeps<Value> {
  readonly memory: MemoryTier<Value>;
}

export interface AskOptions {
  /** Aborted when the caller has left. */
  readonly signal: AbortSignal;
  /** What the answer must reflect. */
  readonly atLeast?: Version;
}

/** Of a caller who never leaves. */
const stays = () => new AbortController().signal;

/** The cache of one type of values. Keys are without the name of the type. */
export class TypedCache<Value> {
  readonly #type: CachedType<Value>;
  readonly #deps: EntriesDeps;
  readonly #entries: Entries<Value>;
  readonly #loading: Loading<Value>;

  constructor(type: CachedType<Value>, deps: TypedDeps<Value>) {
    this.#type = type;
    this.#deps = deps;
    this.#entries = new Entries(type, deps.memory, deps);
    this.#loading = new Loading(type, this.#entries, deps);
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
    return this.#entries.memory.bytes;
  }

  get size(): number {
    return this.#entries.memory.size;
  }

  /** The value if it is in memory and fresh. Synchronous: the fastest read there is. */
  peek(key: string): Value | undefined {
    return this.#entries.peek(key);
  }

  /**
   * The same as an answer, which counts. It is loaded again behind the answer if it will not be fresh for long.
   * @param atLeast what the answer must reflect
   */
  getFresh(key: string, load: Load<Value>, atLeast: Version = []): Answer<Value> | undefined {
    const held = this.#entries.fresh(key);
    if (!held || !reaches(held.version, atLeast)) return undefined;
    if (this.#entries.isDueEarly(held)) this.#refreshBehind(key, load);
    return this.#counted(this.#entries.answer(held, 'memory'));
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
    const older = this.#entries.older(key);
    const wanted = { load, atLeast };
    if (!older || !reaches(older.version, atLeast))
      return this.#counted(await this.#loading.one(key, wanted, signal));
    return this.#counted(await this.#orOlder(older, this.#loading.one(key, wanted, stays()), signal));
  }

  /** The fresh values of keys, from the levels that have them; undefined for the others. */
  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Answer<Value> | undefined>> {
    const answers = new Map<string, Answer<Value> | undefined>();
    for (const key of keys) {
      const held = this.#entries.fresh(key);
      answers.set(key, held && this.#entries.answer(held, 'memory'));
    }
    for (const tier of this.#deps.lower) {
      const missing = keys.filter((key) => answers.get(key) === undefined);
      if (missing.length === 0) break;
      const found = await this.#entries.readFrom(tier, missing);
      for (const [at, key] of missing.entries()) {
        const entry = found[at];
        if (entry) answers.set(key, this.#entries.answer(entry, tier.name));
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
    const settled = await this.#loadMany(missing, load, signal);
    const loaded = new Map(missing.map((key) => [key, this.#outcomeOf(key, settled?.get(key))]));
    for (const [key, answer] of loaded) answers.set(key, this.#counted(answer));
    return answers;
  }

  /**
   * Takes a value that its writer knows to be the newest up to a version. It is in memory at once, and in the levels below soon
   * after. What follows the log stays in memory: all processes follow it, and below it would be old with the next event.
   * @returns false if a newer one is there, or a floor is above it
   */
  put(key: string, loaded: Loaded<Value>, writer: Writer = 'feed'): boolean {
    const entry = this.#entries.forms.fresh(loaded, writer);
    if (!this.#entries.remember(key, entry)) return false;
    if (writer !== 'feed') this.#entries.writeSoon(key, entry, this.#deps.lower);
    return true;
  }

  /** What floors call the entry of a key. */
  nameOf(key: string): string {
    return this.#entries.nameOf(key);
  }

  /** Whether nothing is known that makes a value of this version invalid. */
  isCurrent(key: string, version: Version, tags: readonly string[] = []): boolean {
    return this.#entries.isAllowed(key, { tags, version });
  }

  /** What is held of a key in memory, whatever its age. It does not count as a use. */
  inspect(key: string): Entry<Value> | undefined {
    return this.#entries.memory.peek(key);
  }

  /** The bytes of a value in memory, roughly. */
  bytesOf(value: Value): number {
    return this.#type.codec.bytesOf(value);
  }

  /** The keys in memory, the one that was used last first. */
  hotKeys(): Iterable<string> {
    return this.#entries.memory.keys();
  }

  /** Drops what is below floors that were raised. No later caller gets the value of a load that began before and is below them. */
  drop(scope: TypeScope): void {
    this.#entries.drop(scope);
    this.#loading.retire(scope);
  }

  /** Deletes everything in memory. */
  clear(): void {
    this.#entries.memory.clear();
    this.#loading.retire({ all: true });
  }

  /** Deletes the entries that may not be answered any more. */
  sweep(): number {
    return this.#entries.memory.sweep((_, entry) => this.#entries.isKept(entry));
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
      return this.#entries.isKept(older) ? this.#stale(older, 'slow') : await orAborted(loading, signal);
    } catch (error) {
      if (signal.aborted || !this.#entries.isKept(older)) throw error;
      return this.#stale(older, 'failed');
    }
  }

  /** Waits as `#orOlder` if each of the keys has an older value. Undefined: the source is slow, and each still has one. */
  async #loadMany(
    keys: readonly string[],
    load: LoadMany<Value>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, PromiseSettledResult<Answer<Value>>> | undefined> {
    const older = () => keys.flatMap((key) => this.#entries.older(key) ?? []);
    const hasAll = () => older().length === keys.length;
    if (!hasAll()) return await this.#loading.many(keys, load, signal);
    const loading = this.#loading.many(keys, load, stays());
    const settled = await soonOf(loading, this.#waitMs(older()), signal);
    return settled || hasAll() ? settled : await orAborted(loading, signal);
  }

  /** What was loaded, or the older value of a key whose load is slow or has failed. */
  #outcomeOf(key: string, settled: PromiseSettledResult<Answer<Value>> | undefined): Answer<Value> {
    if (settled?.status === 'fulfilled') return settled.value;
    const older = this.#entries.older(key);
    if (!older) throw settled?.reason;
    return this.#stale(older, settled ? 'failed' : 'slow');
  }

  /** How long to wait for newer values than these. */
  #waitMs(older: readonly Entry<Value>[]): number {
    const { softMs, hardMs } = this.#type.policy.load;
    return older.every((entry) => this.#entries.isServed(entry)) ? softMs : hardMs;
  }

  #refreshBehind(key: string, load: Load<Value>): void {
    // Its failure is counted and cools the key; the value that is there is fresh still.
    this.#loading.one(key, { load, atLeast: [], isRefresh: true }, stays()).catch(() => undefined);
  }

  /** Each caller gets an answer, also those who have waited for the same load. */
  #counted(answer: Answer<Value>): Answer<Value> {
    this.#deps.counts.hit(this.#type.name, answer.from);
    return answer;
  }

  #stale(entry: Entry<Value>, reason: StaleReason): Answer<Value> {
    this.#deps.counts.stale(this.#type.name, reason);
    return this.#entries.answer(entry, 'memory', reason);
  }
}
