import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readBits, writeBits } from './bits.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';

function bytesOf(bits: readonly boolean[]): Uint8Array {
  const writer = new ByteWriter();
  writeBits(writer, bits);
  return writer.written();
}

describe('a column of bits', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { size: '+1' }), (bits) => {
        const reader = new ByteReader(bytesOf(bits));
        expect(readBits(reader, bits.length)).toEqual(bits);
        expect(reader.remaining()).toBe(0);
      }),
    );
  });

  test('takes a few bytes for long runs, and at most one bit a value', () => {
    expect(bytesOf(Array.from({ length: 512 }, () => true))).toHaveLength(3);
    expect(bytesOf(Array.from({ length: 512 }, (_, at) => at > 100))).toHaveLength(5);
    expect(bytesOf(Array.from({ length: 512 }, (_, at) => at % 2 === 0))).toHaveLength(65);
  });

  test.each([
    ['a run is longer than the column', [0, 9]],
    ['its form is unknown', [2, 0]],
    ['it ends too early', [1]],
  ])('is corrupt if %s', (_, bytes) => {
    expect(() => readBits(new ByteReader(Uint8Array.from(bytes)), 5)).toThrow('corrupt');
  });
});
