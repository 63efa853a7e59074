import { chmod, mkdtemp, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makePrivateFolder, writePrivate } from './private-files.ts';

let place: string;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'odograph-private-'));
});

afterEach(async () => {
  await rm(place, { recursive: true, force: true });
});

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

test('a folder is made closed, and one that was open is closed', async () => {
  makePrivateFolder(join(place, 'a', 'b'));
  expect(await modeOf(join(place, 'a', 'b'))).toBe(0o700);
  await chmod(place, 0o755);
  makePrivateFolder(place);
  expect(await modeOf(place)).toBe(0o700);
});

test('a file is replaced as a whole, and closed', async () => {
  const file = join(place, 'file');
  writePrivate(file, 'first');
  await chmod(file, 0o644);
  writePrivate(file, 'second');
  expect(await readFile(file, 'utf8')).toBe('second');
  expect(await modeOf(file)).toBe(0o600);
});

test('a full disk is reported with the file that it concerns', async () => {
  const file = join(place, 'file');
  await symlink('/dev/full', `${file}.new`);
  expect(() => writePrivate(file, 'content')).toThrow(`ENOSPC: no space left on device, write '${file}'`);
});
