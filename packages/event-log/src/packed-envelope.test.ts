import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_UNPACKED_BYTES, packEnvelope, unpackEnvelope, unpackedLength } from './packed-envelope.ts';

const isCorrupt = expect.objectContaining({ code: 'CORRUPT_LOG' });

test('an unpacked envelope has the bytes that were packed, in memory of their own', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (entries) => {
      const message = packEnvelope(entries);
      const unpacked = unpackEnvelope(message);
      expect(unpacked.equals(Buffer.concat(entries))).toBe(true);
      expect(unpacked.buffer.byteLength).toBeLessThanOrEqual(unpacked.length + 64);
      message.fill(0);
      expect(unpacked.equals(Buffer.concat(entries))).toBe(true);
    }),
  );
});

test('the header of a message says how long it is when it is unpacked', () => {
  expect(unpackedLength(packEnvelope([Buffer.alloc(500_000)]))).toBe(500_000);
  const plain = packEnvelope([Buffer.of(1, 2, 3)]);
  expect(unpackedLength(plain)).toBe(plain.length);
  const tooLong = Buffer.of(0xd0, 2, 255, 255, 255, 255, 0);
  for (const broken of [Buffer.of(), Buffer.of(0xd0), Buffer.of(0xd0, 2, 9), tooLong])
    expect(unpackedLength(broken)).toBe(broken.length);
});

test('an envelope is never more than two bytes larger than its events', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (entries) => {
      expect(packEnvelope(entries).length).toBeLessThanOrEqual(Buffer.concat(entries).length + 2);
    }),
  );
});

describe('a message is refused', () => {
  const zstd = (length: number, frame: Uint8Array) => {
    const header = Buffer.of(0xd0, 2, 0, 0, 0, 0);
    header.writeUInt32LE(length, 2);
    return Buffer.concat([header, frame]);
  };
  const frame = zstdCompressSync(Buffer.alloc(1_000));

  test.each([
    ['without the mark', Buffer.of(0x0a, 2, 1, 1)],
    ['without bytes', Buffer.of()],
    ['with the mark alone', Buffer.of(0xd0)],
    ['without a length', Buffer.of(0xd0, 2, 1)],
    ['with a frame that is not zstd', zstd(3, Buffer.of(1, 2, 3))],
    ['with a frame that is cut', zstd(1_000, frame.subarray(0, -3))],
    ['with more bytes than it says', zstd(999, frame)],
    ['with fewer bytes than it says', zstd(1_001, frame)],
    ['that says that it has too many bytes', zstd(MAX_UNPACKED_BYTES + 1, frame)],
    ['that unpacks to more than it says, however much', zstd(10, zstdCompressSync(Buffer.alloc(50_000_000)))],
  ])('%s', (_, message) => {
    expect(() => unpackEnvelope(message)).toThrow(isCorrupt);
  });

  test('but not as corrupt if only a newer program knows its form', () => {
    expect(() => unpackEnvelope(Buffer.of(0xd0, 3, 1))).toThrow(
      expect.objectContaining({ code: 'UNAVAILABLE' }),
    );
  });
});
