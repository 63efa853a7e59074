/** Where an event is in its partition. */
export interface Place {
  readonly sequence: number;
  readonly index: number;
}

/** The hash of a key (4 bytes), the sequence of its envelope (6) and its index in it (2). */
const ENTRY_BYTES = 12;
const FIRST_ENTRIES = 4;

/** Keys by their hashes, packed: 12 bytes each, in the order in which they were added. */
export class Entries {
  #bytes: Buffer;
  #length: number;

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
    for (let at = 0; at < this.#length; at += ENTRY_BYTES) {
      if (this.#bytes.readUInt32LE(at) === hash) found.push(this.#placeAt(at));
    }
    return found;
  }

  *places(): Generator<Place, void> {
    for (let at = 0; at < this.#length; at += ENTRY_BYTES) yield this.#placeAt(at);
  }

  #placeAt(at: number): Place {
    return { sequence: this.#bytes.readUIntLE(at + 4, 6), index: this.#bytes.readUInt16LE(at + 10) };
  }

  #grow(): void {
    const larger = Buffer.alloc(2 * this.#bytes.length + ENTRY_BYTES);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
