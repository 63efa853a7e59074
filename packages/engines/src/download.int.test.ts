import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { installArchive } from './download.ts';

let place: string;
let server: Server;
let url: string;
let archive: Buffer;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'odograph-download-'));
  await mkdir(join(place, 'made/top/bin'), { recursive: true });
  await writeFile(join(place, 'made/top/bin/engine'), 'the binary');
  execFileSync('tar', ['-czf', join(place, 'engine.tgz'), '-C', join(place, 'made'), 'top']);
  archive = await readFile(join(place, 'engine.tgz'));
  server = createServer((request, response) => {
    response.statusCode = request.url === '/engine.tgz' ? 200 : 404;
    response.end(archive);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});

afterEach(async () => {
  await new Promise((done) => server.close(done));
  await rm(place, { recursive: true, force: true });
});

const describeArchive = (path: string, content: Buffer) => ({
  url: `${url}${path}`,
  sha256: createHash('sha256').update(content).digest('hex'),
  binary: 'bin/engine',
});

test('an archive is unpacked without its top folder', async () => {
  await installArchive(describeArchive('/engine.tgz', archive), join(place, 'engines/it'));
  expect(await readFile(join(place, 'engines/it/bin/engine'), 'utf8')).toBe('the binary');
});

test('an archive with another hash is not unpacked', async () => {
  const other = describeArchive('/engine.tgz', Buffer.from('other'));
  await expect(installArchive(other, join(place, 'engines/it'))).rejects.toThrow(/wrong hash/);
  expect(await readdir(join(place, 'engines'))).toEqual([]);
});

test('a missing archive is reported with the HTTP status', async () => {
  const absent = describeArchive('/nothing.tgz', archive);
  await expect(installArchive(absent, join(place, 'engines/it'))).rejects.toThrow(/answers 404/);
  expect(existsSync(join(place, 'engines/it'))).toBe(false);
});

test('a server that does not answer is reported as such', async () => {
  const away = { ...describeArchive('/engine.tgz', archive), url: 'http://127.0.0.1:1/engine.tgz' };
  await expect(installArchive(away, join(place, 'engines/it'))).rejects.toThrow(/cannot be reached/);
});
