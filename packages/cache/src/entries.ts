import type { Answer, Level, StaleReason } from './answer.ts';
import type { CachedType } from './cached-type.ts';
import type { CacheCounts, Refusal } from './counts.ts';
import type { Entry } from './entry.ts';
import { EntryForms } from './entry-forms.ts';
import type { LowerTier } from './lower-tier.ts';
import type { MemoryTier } from './memory-tier.ts';
import type { FoundEntry } from './tier.ts';
import type { Stamp, Version } from './version.ts';

export interface EntriesDeps {
  /** The levels below the memory of the process, the faster first. */
  readonly lower: readonly LowerTier[];
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

/** Which entries of a type floors were raised for. */
export type TypeScope = { readonly key: string } | { readonly tag: string } | { readonly all: true };

/** How long an entry is fresh in memory while no invalidations arrive. */
const UNSURE_FRESH_MS = 2_000;

/** The entries of one type: which of them the levels take, and which may be answered. Keys are without the name of the type. */
export class Entries<Value> {
  readonly memory: MemoryTier<Value>;
  readonly forms: EntryForms<Value>;
  readonly #type: CachedType<Value>;
  readonly #deps: EntriesDeps;

  constructor(type: CachedType<Value>, memory: MemoryTier<Value>, deps: EntriesDeps) {
    this.#type = type;
    this.memory = memory;
    this.#deps = deps;
    this.forms = new EntryForms(type, deps);
  }

  /** What levels and floors call the entry of a key. */
  nameOf(key: string): string {
    return `${this.#type.name}:${key}`;
  }

  /** The value if it is in memory and fresh. Nothing is counted. */
  peek(key: string): Value | undefined {
    const held = this.memory.held(key);
    if (held === undefined || held.freshUntilMs <= this.#deps.now()) return undefined;
    return this.#isLive(key) || this.isFresh(key, held.entry) ? held.value : undefined;
  }

  /** The entry if it is in memory and fresh. */
  fresh(key: string): Entry<Value> | undefined {
    const held = this.memory.get(key);
    return held && this.isFresh(key, held) ? held : undefined;
  }

  /** The entry in memory that may be answered if there is not a newer one. */
  older(key: string): Entry<Value> | undefined {
    const held = this.memory.get(key);
    return held && this.isKept(held) ? held : undefined;
  }

  isFresh(key: string, { readAtMs, freshUntilMs }: Entry<Value>): boolean {
    const now = this.#deps.now();
    if (freshUntilMs <= now) return false;
    return this.#isLive(key) || readAtMs + UNSURE_FRESH_MS > now;
  }

  /** Whether it is to be loaded again though it is fresh. */
  isDueEarly({ readAtMs, freshUntilMs, writer }: Entry<Value>): boolean {
    const dueAtMs = readAtMs + (freshUntilMs - readAtMs) * this.#type.policy.eagerAt;
    return writer === 'load' && this.#deps.now() > dueAtMs;
  }

  /** Whether it may be answered before its source was waited for as long as that may take. */
  isServed({ servedUntilMs }: Entry<Value>): boolean {
    return servedUntilMs > this.#deps.now();
  }

  /** Whether it may be answered if its source fails. */
  isKept({ keptUntilMs }: Entry<Value>): boolean {
    return keptUntilMs > this.#deps.now();
  }

  /** Whether no floor is above it. */
  isAllowed(key: string, { tags, version }: Pick<Entry<Value>, 'tags' | 'version'>): boolean {
    return this.#deps.allows(this.nameOf(key), tags, version);
  }

  answer(
    { value, version, tags, readAtMs }: Entry<Value>,
    from: Level,
    staleBecause?: StaleReason,
  ): Answer<Value> {
    return { value, version, tags, from, ageMs: this.#deps.now() - readAtMs, staleBecause };
  }

  /** Takes what was loaded or written into memory. False if a floor is above it, or memory has a newer one. */
  remember(key: string, entry: Entry<Value>): boolean {
    const refusal = this.#store(key, entry);
    if (refusal) this.#deps.counts.refused(this.#type.name, 'memory', refusal);
    return refusal === undefined;
  }

  /** Levels get it some time soon. */
  writeSoon(key: string, entry: Entry<Value>, tiers: readonly LowerTier[]): void {
    const bytes = entry.value === undefined ? 0 : this.#type.codec.bytesOf(entry.value);
    for (const tier of tiers)
      tier.writeSoon({ key: this.nameOf(key), entry: () => this.forms.stored(entry), bytes });
  }

  /** Drops from memory what is below floors that were raised. */
  drop(scope: TypeScope): void {
    const dropOne = (key: string) => {
      const held = this.memory.peek(key);
      if (held && !this.isAllowed(key, held)) this.memory.delete(key);
    };
    if ('key' in scope) dropOne(scope.key);
    else for (const key of 'tag' in scope ? this.memory.keysOf(scope.tag) : this.memory.keys()) dropOne(key);
  }

  /** What a level below has of each key, if it is fresh and no floor is above it. It is in memory then. */
  async readFrom(tier: LowerTier, keys: readonly string[]): Promise<readonly (Entry<Value> | undefined)[]> {
    const found = await tier.read(keys.map((key) => this.nameOf(key)));
    return keys.map((key, at) => this.#take(key, found[at], tier));
  }

  #take(key: string, found: FoundEntry | undefined, from: LowerTier): Entry<Value> | undefined {
    if (!found) return undefined;
    const entry = this.#decode(found);
    // What is refused was left there: it came in time, and became invalid or old since.
    if (!entry || this.#store(key, entry) || !this.isFresh(key, entry)) return undefined;
    const { lower } = this.#deps;
    this.writeSoon(key, entry, lower.slice(0, lower.indexOf(from)));
    return entry;
  }

  /** What another program has written may be no value for this one: then there is none. */
  #decode(found: FoundEntry): Entry<Value> | undefined {
    try {
      return this.forms.found(found);
    } catch {
      this.#deps.counts.unreadable(this.#type.name);
      return undefined;
    }
  }

  /** Returns why memory does not take it; undefined if it does. */
  #store(key: string, entry: Entry<Value>): Refusal | undefined {
    if (!this.isAllowed(key, entry)) return 'below';
    return this.memory.store(key, entry) ? undefined : 'older';
  }

  #isLive(key: string): boolean {
    return this.#deps.isLive() && this.#type.isLive?.(key) !== false;
  }
}
