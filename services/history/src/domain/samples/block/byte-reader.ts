import { Fault } from '@odograph/kernel/fault';

/** What a block's bytes cannot be, told as a fault. */
export function corrupt(what: string): Fault {
  return new Fault('CORRUPT_LOG', `a block of samples is corrupt: ${what}; rebuild the projection samples`);
}

/** How many code units one call makes a text of; more arguments could overflow the stack. */
const UNITS_AT_ONCE = 4096;

/** Reads what a ByteWriter wrote, and nothing beyond its end. Every method throws CORRUPT_LOG where bytes are wrong. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  remaining(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    return this.#bytes[this.#take(1)] as number;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
    }
    throw corrupt('a number is too large');
  }

  /** How many of something follow, of which each takes at least so many bytes: never more than there is room for. */
  count(bytesEach: number): number {
    const count = this.varint();
    if (count * bytesEach > this.remaining()) throw corrupt('it ends too early');
    return count;
  }

  float64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  text(): string {
    const head = this.varint();
    const length = Math.floor(head / 2);
    const units = head % 2 === 0 ? this.bytes(length) : this.#wideUnits(length);
    let text = '';
    for (let at = 0; at < length; at += UNITS_AT_ONCE) {
      text += String.fromCharCode(...units.subarray(at, at + UNITS_AT_ONCE));
    }
    return text;
  }

  /** The next so many bytes, not copied. */
  bytes(length: number): Uint8Array {
    const from = this.#take(length);
    return this.#bytes.subarray(from, from + length);
  }

  #wideUnits(count: number): Uint16Array {
    const from = this.#take(2 * count);
    return Uint16Array.from({ length: count }, (_, at) => this.#view.getUint16(from + 2 * at, true));
  }

  #take(bytes: number): number {
    if (bytes > this.remaining()) throw corrupt('it ends too early');
    const from = this.#at;
    this.#at += bytes;
    return from;
  }
}
