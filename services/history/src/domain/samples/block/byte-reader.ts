import { Fault } from '@odograph/kernel/fault';

/** The fault for bytes that are not a valid block. */
export function corrupt(what: string): Fault {
  return new Fault('CORRUPT_LOG', `a block of samples is corrupt: ${what}; rebuild the projection samples`);
}

/** Code units per call of String.fromCharCode. More arguments could overflow the stack. */
const UNITS_AT_ONCE = 4096;

/** Reads what a ByteWriter wrote. Every method throws a Fault CORRUPT_LOG for invalid bytes or after the end. */
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
    return this.#bytes[this.#advance(1)] as number;
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

  /** The number of items that follow. Throws if the rest is too short for that many items of `bytesEach` or more. */
  count(bytesEach: number): number {
    const count = this.varint();
    if (count * bytesEach > this.remaining()) throw corrupt('it ends too early');
    return count;
  }

  float64(): number {
    return this.#view.getFloat64(this.#advance(8), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
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

  /** The next `length` bytes, not copied. */
  bytes(length: number): Uint8Array {
    const from = this.#advance(length);
    return this.#bytes.subarray(from, from + length);
  }

  #wideUnits(count: number): Uint16Array {
    const from = this.#advance(2 * count);
    return Uint16Array.from({ length: count }, (_, at) => this.#view.getUint16(from + 2 * at, true));
  }

  #advance(bytes: number): number {
    if (bytes > this.remaining()) throw corrupt('it ends too early');
    const from = this.#at;
    this.#at += bytes;
    return from;
  }
}
