/** Small enough for Node's buffer pool: every column has its own writer, and separate memory would be slower. */
const FIRST_BYTES = 512;

/** Collects bytes. Integers are varints: seven bits a byte, the low ones first. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  /** The bytes so far; valid until the next write. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  byte(value: number): void {
    this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  /** A whole number from 0 to 2^53 - 1. */
  varint(value: number): void {
    this.#grow(8);
    let rest = value;
    // Bit operations are faster, but work on 32 bits only.
    for (; rest >= 0x8000_0000; rest = Math.floor(rest / 128))
      this.#bytes[this.#length++] = (rest % 128) | 128;
    for (; rest >= 128; rest >>>= 7) this.#bytes[this.#length++] = (rest & 127) | 128;
    this.#bytes[this.#length++] = rest;
  }

  float64(value: number): void {
    this.#grow(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  uint32(value: number): void {
    this.#grow(4);
    this.#length = this.#bytes.writeUInt32LE(value, this.#length);
  }

  /** Any text, also with lone surrogates: one byte for each UTF-16 unit if all are below 256, otherwise two. */
  text(value: string): void {
    const isWide = !isLatin1(value);
    this.varint(value.length * 2 + Number(isWide));
    this.#grow(value.length * 2);
    for (let at = 0; at < value.length; at += 1) {
      const unit = value.charCodeAt(at);
      this.#bytes[this.#length++] = unit;
      if (isWide) this.#bytes[this.#length++] = unit >>> 8;
    }
  }

  bytes(value: Uint8Array): void {
    this.#grow(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** Writes the shorter of two encodings; the first if they are equally long. */
  shorter(first: ByteWriter, second: ByteWriter): void {
    this.bytes((second.#length < first.#length ? second : first).written());
  }

  #grow(byBytes: number): void {
    const needed = this.#length + byBytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.written());
    this.#bytes = larger;
  }
}

function isLatin1(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0xff) return false;
  return true;
}
