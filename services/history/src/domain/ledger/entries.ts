/** Where an event is in its partition. */
export interface Place {
  readonly sequence: number;
  readonly index: number;
}

/** The hash of a key (4 bytes), the sequence of its envelope (6) and its index in it (2). */
const ENTRY_BYTES = 12;
const FIRST_ENTRIES = 4;
/** So few are compared one after the other in less than a microsecond. */
const MAX_SCANNED = 256;
const NO_CHAINS = new Int32Array(0);

/** Keys by their hashes, packed: 12 bytes each, in the order in which they were added. */
export class Entries {
  #bytes: Buffer;
  #length: number;
  /**
   * A hash table of the first entries, made when a key is looked up among many. Entries whose hashes have the same low bits
   * are a chain: the number of the last one, plus 1, and for each the number of the one before it, plus 1; 0 is the end.
   */
  #last = NO_CHAINS;
  #before = NO_CHAINS;
  #chained = 0;

  constructor(bytes?: Uint8Array) {
    this.#bytes = bytes === undefined ? Buffer.alloc(FIRST_ENTRIES * ENTRY_BYTES) : Buffer.from(bytes);
    this.#length = bytes === undefined ? 0 : bytes.length - (bytes.length % ENTRY_BYTES);
  }

  get count(): number {
    return this.#length / ENTRY_BYTES;
  }

  /** The packed entries. Valid until the next one is added. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  add(hash: number, { sequence, index }: Place): void {
    if (this.#length === this.#bytes.length) this.#grow();
    this.#bytes.writeUInt32LE(hash, this.#length);
    this.#bytes.writeUIntLE(sequence, this.#length + 4, 6);
    this.#bytes.writeUInt16LE(index, this.#length + 10);
    this.#length += ENTRY_BYTES;
  }

  /** The places of all keys with a hash. */
  find(hash: number): readonly Place[] {
    const found: Place[] = [];
    const take = (entry: number) => {
      if (this.#hashAt(entry) === hash) found.push(this.#placeAt(entry));
    };
    if (this.count <= MAX_SCANNED) {
      for (let entry = 0; entry < this.count; entry += 1) take(entry);
    } else {
      this.#chain();
      for (let next = this.#last[this.#slotOf(hash)]; next; next = this.#before[next - 1]) take(next - 1);
    }
    return found;
  }

  *places(): Generator<Place, void> {
    for (let entry = 0; entry < this.count; entry += 1) yield this.#placeAt(entry);
  }

  /** The same entries, divided by something that follows from their hashes. */
  groupBy(groupOf: (hash: number) => string): ReadonlyMap<string, Entries> {
    const groups = new Map<string, Entries>();
    for (let entry = 0; entry < this.count; entry += 1) {
      const hash = this.#hashAt(entry);
      const group = groups.get(groupOf(hash)) ?? new Entries();
      groups.set(groupOf(hash), group);
      group.add(hash, this.#placeAt(entry));
    }
    return groups;
  }

  /** Adds the entries to the hash table that are not in it yet. */
  #chain(): void {
    if (this.#before.length < this.count) {
      const slots = 2 ** Math.ceil(Math.log2(2 * this.count));
      this.#last = new Int32Array(slots);
      this.#before = new Int32Array(slots);
      this.#chained = 0;
    }
    for (; this.#chained < this.count; this.#chained += 1) {
      const slot = this.#slotOf(this.#hashAt(this.#chained));
      this.#before[this.#chained] = this.#last[slot] ?? 0;
      this.#last[slot] = this.#chained + 1;
    }
  }

  #slotOf(hash: number): number {
    return hash & (this.#last.length - 1);
  }

  #hashAt(entry: number): number {
    return this.#bytes.readUInt32LE(entry * ENTRY_BYTES);
  }

  #placeAt(entry: number): Place {
    const at = entry * ENTRY_BYTES;
    return { sequence: this.#bytes.readUIntLE(at + 4, 6), index: this.#bytes.readUInt16LE(at + 10) };
  }

  #grow(): void {
    const larger = Buffer.alloc(2 * this.#bytes.length + ENTRY_BYTES);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
