import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MessageMeter } from './message-meter.ts';

const CHUNK_COST = 128;

/** A gRPC message of N bytes. */
function message(length: number): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, Buffer.alloc(length)]);
}

function cut(bytes: Buffer, sizes: readonly number[]): readonly Buffer[] {
  const chunks: Buffer[] = [];
  for (let [at, next] = [0, 0]; at < bytes.length; next += 1) {
    const size = sizes[next % sizes.length] as number;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

test('nothing is held after complete messages, however they are cut', () => {
  const lengths = fc.array(fc.nat({ max: 300 }), { maxLength: 8 });
  const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(lengths, sizes, (all, cuts) => {
      const meter = new MessageMeter();
      for (const chunk of cut(Buffer.concat(all.map(message)), cuts)) meter.add(chunk);
      expect(meter.held).toBe(0);
    }),
  );
});

test('an unfinished message holds its bytes, and more for each chunk', () => {
  const meter = new MessageMeter();
  const chunks = cut(message(1_000).subarray(0, 900), [1]);
  for (const chunk of chunks) meter.add(chunk);
  expect(meter.held).toBe(900 * (1 + CHUNK_COST));
  for (const chunk of cut(message(1_000).subarray(900), [50])) meter.add(chunk);
  expect(meter.held).toBe(0);
});

test('what is held is never more than the piece that a message began in and those after it, also of empty messages', () => {
  const meter = new MessageMeter();
  const empty = Buffer.concat(Array.from({ length: 100 }, () => message(0)));
  for (const chunk of [empty.subarray(0, 2), ...cut(empty.subarray(2), [5])]) {
    meter.add(chunk);
    expect(meter.held).toBeLessThanOrEqual(2 * (5 + CHUNK_COST));
  }
  expect(meter.isFragmented).toBe(false);
});

test('a head that is not complete is held too', () => {
  const meter = new MessageMeter();
  meter.add(message(7).subarray(0, 3));
  expect(meter.held).toBe(3 + CHUNK_COST);
});

test('a message in very small pieces differs from one in small pieces', () => {
  const fragmented = (size: number) => {
    const meter = new MessageMeter();
    for (const chunk of cut(message(100_000).subarray(0, 50_000), [size])) {
      meter.add(chunk);
      if (meter.isFragmented) return true;
    }
    return false;
  };
  expect([1, 10, 50, 100, 536, 16_384].map(fragmented)).toEqual([true, true, true, false, false, false]);
});
