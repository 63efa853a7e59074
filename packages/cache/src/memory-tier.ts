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

/** What an entry takes beside its key and its value: objects, the tables of the cache, and its tags. Measured by `make bench`. */
export const ENTRY_BYTES = 400;
const TAG_BYTES = 120;

/**
 * Entries of one type in the memory of the process, bounded by bytes. Reads are synchronous.
 * What a floor invalidates leaves at once, so a read looks nothing up but its key.
 */
export class MemoryTier<Value> {
  readonly #entries: LRUCache<string, Entry<Value>>;
  readonly #keysByTag = new Map<string, Set<string>>();

  constructor({ maxBytes, bytesOf, onEvict }: MemoryOptions<Value>) {
    this.#entries = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: ({ value, tags }, key) =>
        ENTRY_BYTES + TAG_BYTES * tags.length + key.length + (value === undefined ? 0 : bytesOf(value)),
      dispose: ({ tags }, key, reason) => {
        this.#forgetTags(key, tags);
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

  /** The entry, whatever its age. */
  get(key: string): Entry<Value> | undefined {
    return this.#entries.get(key);
  }

  /** The same, but it does not count as a use. */
  peek(key: string): Entry<Value> | undefined {
    return this.#entries.peek(key);
  }

  /** Returns false if what is held is newer. */
  store(key: string, entry: Entry<Value>): boolean {
    const held = this.#entries.peek(key);
    if (held && isOlder(entry.version, held.version)) return false;
    this.#entries.set(key, entry);
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
    for (const [key, entry] of this.#entries.entries()) {
      if (passes(key, entry)) continue;
      this.#entries.delete(key);
      deleted += 1;
    }
    return deleted;
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
