import { BinaryWriter } from '@bufbuild/protobuf/wire';

/** Reused, for making one costs more than filling it. */
const shared = new BinaryWriter();

/** The bytes that `write` writes. Calls do not nest: there is one writer. */
export function writeBytes(write: (writer: BinaryWriter) => void): Uint8Array {
  try {
    write(shared);
    return shared.finish();
  } catch (error) {
    shared.finish(); // Empties it for the next.
    throw error;
  }
}
