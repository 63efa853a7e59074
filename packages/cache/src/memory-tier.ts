import { LRUCache } from 'lru-cache';
import type { Entry } from './entry.ts';
import { isOlder } from './version.ts';

interface MemoryOptions<Value> {
  readonly maxBytes: number;
  /** The bytes that a value takes in memory. */
  readonly bytesOf: (value: Value) => number;
  /** Called for an entry that had to leave because others needed its place. */
  readonly onEvict?: () => void;
}

/** An entry, which is replaced in its place. What the fastest read needs of it is here too: each object more is a step in memory. */
interface Held<Value> {
  entry: Entry<Value>;
  value: Value | undefined;
  freshUntilMs: number;
  readonly bytes: number;
}

/** What an entry takes beside its key and its value: objects, the tables of the cache, and its tags. Measured by `make bench`. */
export const ENTRY_BYTES = 400;
const TAG_BYTES = 120;

/**
 * Entries of one type in the memory of the process, bounded by bytes. Reads are synchronous.
 * What a floor invalidates leaves at once, so a read looks nothing up but its key.
 */
export class MemoryTier<Value> {
  readonly #entries: LRUCache<string, Held<Value>>;
  readonly #bytesOf: (value: Value) => number;
  readonly #keysByTag = new Map<string, Set<string>>();

  constructor({ maxBytes, bytesOf, onEvict }: MemoryOptions<Value>) {
    this.#bytesOf = bytesOf;
    this.#entries = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: ({ bytes }) => bytes,
      dispose: ({ entry }, key, reason) => {
        this.#forgetTags(key, entry.tags);
        if (reason === 'evict') onEvict?.();
      },
    });
  }

  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The entry, whatever its age, with what the fastest read needs. */
  held(key: string): Readonly<Held<Value>> | undefined {
    return this.#entries.get(key);
  }

  /** The entry, whatever its age. */
  get(key: string): Entry<Value> | undefined {
    return this.#entries.get(key)?.entry;
  }

  /** The same, but it does not count as a use. */
  peek(key: string): Entry<Value> | undefined {
    return this.#entries.peek(key)?.entry;
  }

  /**
   * Returns false if what is held is newer. What is kept for no time only takes away what is held.
   * An entry that is replaced by one of its size does not count as used: what is reported often and never read leaves before
   * what is read.
   */
  store(key: string, entry: Entry<Value>): boolean {
    const held = this.#entries.peek(key);
    if (held && isOlder(entry.version, held.entry.version)) return false;
    if (entry.keptUntilMs <= entry.readAtMs) {
      this.#entries.delete(key);
      return true;
    }
    const bytes = this.#sizeOf(key, entry);
    if (held) this.#forgetTags(key, held.entry.tags);
    const { value, freshUntilMs } = entry;
    if (held?.bytes === bytes) Object.assign(held, { entry, value, freshUntilMs });
    else this.#entries.set(key, { entry, value, freshUntilMs, bytes });
    if (this.#entries.has(key)) this.#rememberTags(key, entry.tags);
    return true;
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  keys(): Iterable<string> {
    return this.#entries.keys();
  }

  keysOf(tag: string): Iterable<string> {
    return [...(this.#keysByTag.get(tag) ?? [])];
  }

  /** Deletes the entries that do not pass. */
  sweep(passes: (key: string, entry: Entry<Value>) => boolean): number {
    let deleted = 0;
    for (const [key, { entry }] of this.#entries.entries()) {
      if (passes(key, entry)) continue;
      this.#entries.delete(key);
      deleted += 1;
    }
    return deleted;
  }

  #sizeOf(key: string, { value, tags }: Entry<Value>): number {
    const own = ENTRY_BYTES + TAG_BYTES * tags.length + key.length;
    return own + (value === undefined ? 0 : this.#bytesOf(value));
  }

  #rememberTags(key: string, tags: readonly string[]): void {
    for (const tag of tags) {
      const keys = this.#keysByTag.get(tag);
      if (keys) keys.add(key);
      else this.#keysByTag.set(tag, new Set([key]));
    }
  }

  #forgetTags(key: string, tags: readonly string[]): void {
    for (const tag of tags) {
      const keys = this.#keysByTag.get(tag);
      keys?.delete(key);
      if (keys?.size === 0) this.#keysByTag.delete(tag);
    }
  }
}
