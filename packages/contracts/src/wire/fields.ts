import { WireType } from '@bufbuild/protobuf/wire';

/** Bytes that are not a protobuf message. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

const MAX_VARINT_BYTES = 10;
const MAX_TAG = 0xffff_ffff;
/** As in the generated decoders. */
export const MAX_GROUP_DEPTH = 100;

/**
 * Reads the fields of a protobuf message in place, for callers that the generated decoder is too slow or too strict for.
 * Every method throws a {@link WireError} if the bytes end too early.
 */
export class FieldCursor<Bytes extends Uint8Array = Uint8Array> {
  readonly bytes: Bytes;
  readonly end: number;
  /** The index of the next byte. */
  at: number;

  constructor(bytes: Bytes, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.end = end;
    this.at = start;
  }

  get isAtEnd(): boolean {
    return this.at >= this.end;
  }

  /** The number before each field: its field number times 8, plus its wire type. */
  tag(): number {
    const tag = this.varint();
    if (tag < 8 || tag > MAX_TAG) throw new WireError(`${tag} is not a tag`);
    return tag;
  }

  /** An unsigned number; above 2^53 it is not exact. */
  varint(): number {
    const byte = this.bytes[this.at] as number;
    if (byte >= 0x80 || this.at >= this.end) return this.#longVarint();
    this.at += 1;
    return byte;
  }

  /** Moves past a length and the bytes after it, and returns the index of the first of these bytes. */
  delimited(): number {
    const length = this.varint();
    const start = this.at;
    this.#move(length);
    return start;
  }

  /** Moves past the value of a field that the caller does not know. */
  skip(tag: number, groupDepth = 0): void {
    const wireType = tag & 7;
    if (wireType === WireType.Varint) this.varint();
    else if (wireType === WireType.Bit64) this.#move(8);
    else if (wireType === WireType.LengthDelimited) this.delimited();
    else if (wireType === WireType.Bit32) this.#move(4);
    else if (wireType === WireType.StartGroup && groupDepth < MAX_GROUP_DEPTH)
      this.#skipGroup(tag, groupDepth);
    else throw new WireError(`a field of wire type ${wireType} cannot be skipped here`);
  }

  #longVarint(): number {
    const { bytes } = this;
    const last = Math.min(this.end, this.at + MAX_VARINT_BYTES);
    let value = 0;
    let unit = 1;
    for (let at = this.at; at < last; at += 1) {
      const byte = bytes[at] as number;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) {
        this.at = at + 1;
        return value;
      }
      unit *= 0x80;
    }
    if (last === this.end) throw truncated();
    throw new WireError(`a number has more than ${MAX_VARINT_BYTES} bytes`);
  }

  #skipGroup(startTag: number, groupDepth: number): void {
    const endTag = startTag - WireType.StartGroup + WireType.EndGroup;
    for (let tag = this.tag(); tag !== endTag; tag = this.tag()) this.skip(tag, groupDepth + 1);
  }

  #move(length: number): void {
    if (length > this.end - this.at) throw truncated();
    this.at += length;
  }
}

function truncated(): WireError {
  return new WireError('the message is truncated');
}
