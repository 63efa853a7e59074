/** A secret of 8 bytes, as two words of 32 bits. */
export type HashSecret = readonly [number, number];

/** Rounds for each word, and at the end. */
const WORD_ROUNDS = 2;
const END_ROUNDS = 4;

/**
 * HalfSipHash-2-4 with 32 bits of output (Aumasson and Bernstein, https://github.com/veorq/SipHash) of the first bytes of a
 * buffer. Who does not know the secret cannot make two inputs with the same hash on purpose.
 */
export function halfSipHash(bytes: DataView, length: number, secret: HashSecret): number {
  let v0 = secret[0] | 0;
  let v1 = secret[1] | 0;
  let v2 = 0x6c796765 ^ v0;
  let v3 = 0x74656462 ^ v1;
  for (let at = 0; at <= length + 4; at += 4) {
    const isEnd = at > length;
    const word = isEnd ? 0 : wordAt(bytes, at, length);
    if (isEnd) v2 ^= 0xff;
    v3 ^= word;
    for (let rounds = isEnd ? END_ROUNDS : WORD_ROUNDS; rounds > 0; rounds -= 1) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    v0 ^= word;
  }
  return (v1 ^ v3) >>> 0;
}

/** Four bytes, little-endian. The last word has the bytes that are left, and the length as its highest byte. */
function wordAt(bytes: DataView, at: number, length: number): number {
  if (at + 4 <= length) return bytes.getInt32(at, true);
  let word = length << 24;
  for (let left = at; left < length; left += 1) word |= bytes.getUint8(left) << (8 * (left - at));
  return word;
}
