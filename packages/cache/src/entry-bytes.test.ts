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
