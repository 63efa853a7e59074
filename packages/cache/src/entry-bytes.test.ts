import { deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { bodyOf, readBody } from './entry-bytes.ts';
import { entryAt } from './tier.fixture.ts';

const MEBIBYTE = 1024 ** 2;

test('a value that would become longer than any is not read to its end', async () => {
  const head = '{"t":[],"w":"load","ms":[0,1000,1000,1000],"c":"deflate"}\n';
  const value = deflateRawSync(Buffer.alloc(64 * MEBIBYTE + 1));
  const body = Buffer.concat([Buffer.from(head), value]);
  await expect(readBody({ version: [], floors: [], body })).rejects.toMatchObject({
    code: 'ERR_BUFFER_TOO_LARGE',
  });
});

test('a value that is too long to be read when it is compressed is stored as it is', async () => {
  const value = Buffer.alloc(64 * MEBIBYTE + 1);
  const body = await bodyOf(entryAt(1, 0, { value }), 1);
  const read = await readBody({ version: [], floors: [], body });
  expect(read?.value?.length).toBe(value.length);
});

test.each([
  ['raw', 10, 100],
  ['compressed', 5_000, 1_024],
  ['compressed by a thread', 5_000_000, 1_024],
])('a value that is %s keeps no more bytes in memory than it has', async (_, length, compressFromBytes) => {
  const value = Buffer.from(Array.from({ length }, (_byte, at) => (at * 7919) % 251));
  const body = await bodyOf(entryAt(1, 0, { value }), compressFromBytes);
  const read = await readBody({ version: [], floors: [], body });
  expect(read?.value?.length).toBe(length);
  expect(read?.value?.buffer.byteLength).toBe(length);
});
