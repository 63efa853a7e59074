import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { Fault } from '@odograph/kernel/fault';

const TWO_TO_32 = 2 ** 32;

const CHANGED_LIBRARY =
  'the private members of BinaryWriter in @bufbuild/protobuf have changed: install the version that ' +
  'packages/contracts/package.json names, or adapt write-bytes.ts';

/**
 * Returns bytes in Node's pool. The library allocates memory for each message, which takes longer than writing it.
 * The library offers no hook, so this class uses its private members, and is checked when the module is loaded.
 */
class PooledWriter extends BinaryWriter {
  override finish(): Buffer<ArrayBuffer> {
    const bytes = Buffer.allocUnsafe(this['pos']);
    bytes.set(this['buffer'].subarray(0, bytes.length));
    this['pos'] = 0;
    this['stackPos'] = [];
    return bytes;
  }

  /** Without the library's conversion to BigInt: each event has three of these numbers. */
  override int64(value: string | number | bigint): this {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) return super.int64(value);
    return this['writeVarint64'](value >>> 0, Math.floor(value / TWO_TO_32));
  }
}

/** One writer for all calls: creating a writer takes longer than writing a message. */
const shared = new PooledWriter();
let isWriting = false;
assertWritesAsLibrary();

/**
 * The bytes that `write` writes.
 * @throws {Fault} INTERNAL if `write` itself calls this function: there is only one writer.
 */
export function writeBytes(write: (writer: BinaryWriter) => void): Buffer<ArrayBuffer> {
  if (isWriting) {
    throw new Fault('INTERNAL', 'writeBytes was called by what it writes: encode the inner message first');
  }
  isWriting = true;
  try {
    write(shared);
    return shared.finish();
  } catch (error) {
    shared.finish(); // Empties it for the next call.
    throw error;
  } finally {
    isWriting = false;
  }
}

/** Writes a message twice, because the first one must leave nothing behind. */
function assertWritesAsLibrary(): void {
  const write = (writer: BinaryWriter) =>
    writer
      .uint32(10)
      .fork()
      .string('a')
      .join()
      .int64(2 ** 40);
  const expected = write(new BinaryWriter()).finish();
  try {
    if (writeBytes(write).equals(expected) && writeBytes(write).equals(expected)) return;
  } catch (cause) {
    throw new Fault('INTERNAL', CHANGED_LIBRARY, { cause });
  }
  throw new Fault('INTERNAL', CHANGED_LIBRARY);
}
