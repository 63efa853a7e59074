import { BinaryWriter } from '@bufbuild/protobuf/wire';

const TWO_TO_32 = 2 ** 32;

/**
 * Gives bytes that lie in Node's pool. The library gives each message memory of its own, which costs several times what
 * filling it does, and as much again to collect. It has no hook for that: its fields are reached by their names.
 */
class PooledWriter extends BinaryWriter {
  override finish(): Buffer<ArrayBuffer> {
    const bytes = Buffer.allocUnsafe(this['pos']);
    bytes.set(this['buffer'].subarray(0, bytes.length));
    this['pos'] = 0;
    this['stackPos'] = [];
    return bytes;
  }

  /** Without the library's detour over BigInt: an event has three such numbers. */
  override int64(value: string | number | bigint): this {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) return super.int64(value);
    return this['writeVarint64'](value >>> 0, Math.floor(value / TWO_TO_32));
  }
}

/** Reused, for making one costs more than filling it. */
const shared = new PooledWriter();

/** The bytes that `write` writes. Calls do not nest: there is one writer. */
export function writeBytes(write: (writer: BinaryWriter) => void): Buffer<ArrayBuffer> {
  try {
    write(shared);
    return shared.finish();
  } catch (error) {
    shared.finish(); // Empties it for the next.
    throw error;
  }
}
