import { readFileSync } from 'node:fs';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { writeBytes } from './write-bytes.ts';

const write = (texts: readonly string[]) => (writer: BinaryWriter) => {
  for (const text of texts) writer.uint32(10).fork().string(text).join();
};

test('a message has the bytes that the library writes, and keeps them while others are written', () => {
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

test('a number of 64 bits is written as by the library, whatever its sign and size', () => {
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

test('a number that is not an integer is refused, as by the library', () => {
  for (const value of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 63])
    expect(() => writeBytes((writer) => writer.int64(value)), `${value}`).toThrow();
});

test('a message that fails half way leaves nothing behind for the next', () => {
  const broken = () =>
    writeBytes((writer) => {
      writer.uint32(10).fork().string('half');
      throw new Error('no more');
    });
  expect(broken).toThrow('no more');
  expect(writeBytes((writer) => writer.uint32(8))).toEqual(Buffer.of(8));
});

test('a call inside a call is refused, and the next call works', () => {
  const nested = () => writeBytes((writer) => writer.bytes(writeBytes((inner) => inner.uint32(8))));
  expect(nested).toThrow('encode the inner message first');
  expect(writeBytes((writer) => writer.uint32(8))).toEqual(Buffer.of(8));
});

test('a library that writes in another way is refused when the module is loaded', async () => {
  class ChangedWriter extends BinaryWriter {
    override finish(): Uint8Array<ArrayBuffer> {
      return new Uint8Array(super.finish().length);
    }
  }
  vi.resetModules();
  vi.doMock('@bufbuild/protobuf/wire', () => ({ BinaryWriter: ChangedWriter }));
  onTestFinished(() => {
    vi.doUnmock('@bufbuild/protobuf/wire');
    vi.resetModules();
  });
  await expect(import('./write-bytes.ts')).rejects.toThrow('private members of BinaryWriter');
});

test('the private members were compared with this version of the library', () => {
  const file = new URL('../../../node_modules/@bufbuild/protobuf/package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8'));
  expect(version, 'read BinaryWriter again, then change the version here').toBe('2.17.0');
});
