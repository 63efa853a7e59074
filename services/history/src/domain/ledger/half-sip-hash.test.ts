import { expect, test } from 'vitest';
import { type HashSecret, halfSipHash } from './half-sip-hash.ts';

/** The key of the reference vectors: the bytes 0 to 7. */
const REFERENCE_SECRET: HashSecret = [0x03020100, 0x07060504];

test.each([
  [0, 'a9359f5b'],
  [1, '27475ab8'],
  [2, 'fa62a603'],
  [3, '8afee704'],
  [4, '2a6e4689'],
  [5, 'c5fab669'],
  [15, '74fe2b97'],
  [31, '5d589f1a'],
  [32, 'fee72112'],
  [63, '59ea4a74'],
])('the hash of the bytes 0 to %i, exclusive, is that of the reference vectors', (length, expected) => {
  const bytes = new DataView(Uint8Array.from({ length: 64 }, (_, at) => at).buffer);
  const hash = Buffer.alloc(4);
  hash.writeUInt32LE(halfSipHash(bytes, length, REFERENCE_SECRET));
  expect(hash.toString('hex')).toBe(expected);
});
