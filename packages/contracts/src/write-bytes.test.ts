import { BinaryWriter } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { writeBytes } from './write-bytes.ts';

const write = (texts: readonly string[]) => (writer: BinaryWriter) => {
  for (const text of texts) writer.uint32(10).fork().string(text).join();
};

test('messages have the bytes that a writer of their own gives them, and keep them while others are written', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.string({ maxLength: 3_000 }), { maxLength: 5 })), (messages) => {
      const written = messages.map((texts) => writeBytes(write(texts)));
      for (const [at, texts] of messages.entries()) {
        const plain = new BinaryWriter();
        write(texts)(plain);
        expect(Buffer.compare(written[at] as Buffer, plain.finish())).toBe(0);
      }
    }),
  );
});

test('numbers of 64 bits are those of the library, whatever their sign and size', () => {
  const anyInt64 = fc.oneof(
    fc.maxSafeInteger(),
    fc.nat(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  );
  const edges = [0, -0, 1, 127, 128, 2 ** 31, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER, -1];
  fc.assert(
    fc.property(anyInt64, (value) => {
      expect(writeBytes((writer) => writer.int64(value))).toEqual(
        Buffer.from(new BinaryWriter().int64(value).finish()),
      );
    }),
    { examples: edges.map((edge): [number] => [edge]) },
  );
});

test('a number that is no integer is refused as the library refuses it', () => {
  for (const value of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 63])
    expect(() => writeBytes((writer) => writer.int64(value)), `${value}`).toThrow();
});

test('what is thrown in the middle of a message leaves nothing behind for the next', () => {
  const broken = () =>
    writeBytes((writer) => {
      writer.uint32(10).fork().string('half');
      throw new Error('no more');
    });
  expect(broken).toThrow('no more');
  expect(writeBytes((writer) => writer.uint32(8))).toEqual(Buffer.of(8));
});
