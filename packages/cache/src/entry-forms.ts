import type { Loaded } from './answer.ts';
import type { CachedType } from './cached-type.ts';
import type { Entry, Writer } from './entry.ts';
import type { StoredEntry } from './entry-bytes.ts';
import type { FoundEntry } from './tier.ts';
import type { Stamp } from './version.ts';

interface FormDeps {
  /** Milliseconds, by a clock that only goes forward. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** Entries of a type: a new one with its times, and to and from the form in which slower levels have it. */
export class EntryForms<Value> {
  readonly #type: CachedType<Value>;
  readonly #deps: FormDeps;

  constructor(type: CachedType<Value>, { now, random }: FormDeps) {
    this.#type = type;
    this.#deps = { now, random };
  }

  /** @param seen up to where invalidations were applied before it was asked for */
  loaded(loaded: Loaded<Value>, seen: Stamp): Entry<Value> {
    const { version, writer = 'load' } = loaded;
    return this.fresh({ ...loaded, version: [...version, seen] }, writer);
  }

  fresh({ value, version, tags = [] }: Loaded<Value>, writer: Writer): Entry<Value> {
    const { policy } = this.#type;
    const hasValue = value !== undefined;
    const jittered = 1 + policy.jitter * (2 * this.#deps.random() - 1);
    const ttlMs = hasValue ? policy.softTtlMs[writer] : policy.negativeTtlMs;
    // Whole numbers: V8 keeps them in the entry itself, so an entry is smaller.
    const softMs = Math.round(ttlMs * jittered);
    const hardMs = hasValue ? Math.round(Math.max(softMs, policy.hardTtlMs * jittered)) : softMs;
    const keptMs = hasValue ? hardMs + policy.graceMs : hardMs;
    const atMs = Math.round(this.#deps.now());
    return {
      ...{ value, version, tags, writer, readAtMs: atMs, freshUntilMs: atMs + softMs },
      ...{ servedUntilMs: atMs + hardMs, keptUntilMs: atMs + keptMs },
    };
  }

  /** @throws what the codec throws if the bytes do not hold a value */
  found({ entry, ageMs }: FoundEntry): Entry<Value> {
    const atMs = Math.round(this.#deps.now() - ageMs);
    return {
      value: entry.value && this.#type.codec.decode(entry.value),
      ...{ version: entry.version, tags: entry.tags, writer: entry.writer },
      ...{ readAtMs: atMs - entry.ageMs, freshUntilMs: atMs + entry.freshMs },
      ...{ servedUntilMs: atMs + entry.servedMs, keptUntilMs: atMs + entry.keptMs },
    };
  }

  stored({ value, version, tags, writer, ...times }: Entry<Value>): StoredEntry {
    const now = this.#deps.now();
    return {
      value: value === undefined ? undefined : this.#type.codec.encode(value),
      ...{ version, tags, writer, ageMs: now - times.readAtMs, freshMs: times.freshUntilMs - now },
      ...{ servedMs: times.servedUntilMs - now, keptMs: times.keptUntilMs - now },
    };
  }
}
