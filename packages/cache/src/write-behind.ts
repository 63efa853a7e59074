import type { StoredEntry } from './entry-bytes.ts';

/** A write that waits. */
export interface Write {
  readonly key: string;
  /** Encodes the entry, when it is sent: most of the writes of a key that changes often are never encoded. */
  readonly entry: () => StoredEntry;
  /** The bytes of its value, roughly. */
  readonly bytes: number;
}

interface WriteBehindOptions {
  /** Writes are sent when there are as many, or when the first has waited for so long. */
  readonly maxItems: number;
  readonly maxAgeMs: number;
  /** More than these bytes do not wait: then the oldest is dropped, and a later reader loads it again. */
  readonly maxBytes: number;
  /** Never rejects: what a level does not take is a miss for the next reader. */
  readonly write: (writes: readonly Write[]) => Promise<void>;
  readonly onDrop: () => void;
}

/** Writes for a slower level, sent together, the last one of each key. No caller waits for them. */
export class WriteBehind {
  readonly #options: WriteBehindOptions;
  readonly #waiting = new Map<string, Write>();
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;

  constructor(options: WriteBehindOptions) {
    this.#options = options;
  }

  get depth(): number {
    return this.#waiting.size;
  }

  add(write: Write): void {
    const { maxItems, maxAgeMs, maxBytes, onDrop } = this.#options;
    this.remove(write.key);
    this.#waiting.set(write.key, write);
    this.#bytes += sizeOf(write);
    for (const key of this.#waiting.keys()) {
      if (this.#bytes <= maxBytes) break;
      this.remove(key);
      onDrop();
    }
    if (this.#waiting.size >= maxItems) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), maxAgeMs);
  }

  /** A write of a key that is invalid now must not be sent. One that is under way is stopped by its floor. */
  remove(key: string): void {
    const write = this.#waiting.get(key);
    if (!write) return;
    this.#waiting.delete(key);
    this.#bytes -= sizeOf(write);
  }

  /** Sends what waits, one batch after the other. Resolves when nothing waits any more. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async #send(): Promise<void> {
    while (this.#waiting.size > 0) {
      const writes = [...this.#waiting.values()].slice(0, this.#options.maxItems);
      for (const { key } of writes) this.remove(key);
      await this.#options.write(writes);
    }
  }
}

const sizeOf = ({ key, bytes }: Write) => key.length + bytes;
