import { expect, test } from 'vitest';
import { streamBytesOn } from './stream-size.ts';

const MEBIBYTE = 1024 ** 2;
const GIBIBYTE = 1024 ** 3;

test.each([
  [100 * GIBIBYTE, 2, 4096],
  [5.4 * GIBIBYTE, 2, 1045],
  [620 * MEBIBYTE, 2, 64],
])('with %i bytes free, each of %i partitions has a stream of %i MiB', (freeBytes, partitions, mebibytes) => {
  expect(streamBytesOn(freeBytes, partitions)).toBe(mebibytes * MEBIBYTE);
});

test('too little disk is refused, with what is needed', () => {
  expect(() => streamBytesOn(500 * MEBIBYTE, 4)).toThrow(
    '500 MiB of the disk are free, but MongoDB and streams of 4 partitions need 940 MiB: free some, or set ODO_HISTORY_STREAM_MAX_BYTES',
  );
});
