import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { MAX_INTEGER, readIntegers, writeIntegers } from './integers.ts';

function bytesOf(values: readonly number[]): Uint8Array {
  const writer = new ByteWriter();
  writeIntegers(writer, values);
  return writer.written();
}

describe('a column of integers', () => {
  test('is read as it was written, up to the largest integers', () => {
    const anyInteger = fc.oneof(
      fc.integer({ min: -3, max: 3 }),
      fc.integer({ min: -MAX_INTEGER, max: MAX_INTEGER }),
      fc.constantFrom(MAX_INTEGER, -MAX_INTEGER),
    );
    fc.assert(
      fc.property(fc.array(anyInteger), (values) => {
        const reader = new ByteReader(bytesOf(values));
        expect(readIntegers(reader, values.length)).toEqual(values);
        expect(reader.remaining()).toBe(0);
      }),
    );
  });

  test.each([
    ['are equal', Array.from({ length: 500 }, () => 1_619_077_370_000)],
    ['increase evenly', Array.from({ length: 500 }, (_, at) => 1_619_077_370_000 + at * 1000)],
  ])('takes a few bytes if its values %s', (_, values) => {
    expect(bytesOf(values).length).toBeLessThan(20);
  });

  test.each([
    ['a run is longer than the column', [1, 0, 9]],
    ['its form is unknown', [3, 2]],
    ['a number does not end', [1, 255, 255, 255, 255, 255, 255, 255, 255, 255]],
    ['it ends too early', [1]],
  ])('is corrupt if %s', (_, bytes) => {
    expect(() => readIntegers(new ByteReader(Uint8Array.from(bytes)), 5)).toThrow('corrupt');
  });
});
