/** What is known of a file without reading it. */
export interface KnownFile {
  /** As the disk counts them. */
  readonly bytes: number;
  /** Unix time in milliseconds, until when its entry is kept. */
  readonly untilMs: number;
}

/** Which files there are. The one that was used longest ago is the first. */
export class FileIndex {
  readonly #maxBytes: number;
  #files = new Map<string, KnownFile>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#files.size;
  }

  /** A file that was written. */
  add(name: string, file: KnownFile): void {
    this.remove(name);
    this.#files.set(name, file);
    this.#bytes += file.bytes;
  }

  /** A file that was read. */
  use(name: string): void {
    const file = this.#files.get(name);
    if (file) this.add(name, file);
  }

  remove(name: string): void {
    this.#bytes -= this.#files.get(name)?.bytes ?? 0;
    this.#files.delete(name);
  }

  /** Takes out those that must leave so that the others are within the quota: first those that were not used for longest. */
  takeExcess(): readonly string[] {
    const excess: string[] = [];
    for (const name of this.#files.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.remove(name);
      excess.push(name);
    }
    return excess;
  }

  /** Takes out those that are not kept any more. Looks at all. */
  takeExpired(nowMs: number): readonly string[] {
    const expired = Array.from(this.#files).flatMap(([name, { untilMs }]) =>
      untilMs <= nowMs ? [name] : [],
    );
    for (const name of expired) this.remove(name);
    return expired;
  }

  /** Files of an earlier process, the one that was used longest ago first. All that are known were used after them. */
  addOlder(found: readonly (KnownFile & { readonly name: string })[]): void {
    const newer = this.#files;
    this.#files = new Map();
    this.#bytes = 0;
    for (const { name, ...file } of found) if (!newer.has(name)) this.add(name, file);
    for (const [name, file] of newer) this.add(name, file);
  }
}
