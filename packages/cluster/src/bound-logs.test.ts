import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { boundLog } from './bound-logs.ts';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'odograph-log-'));
  file = join(folder, 'it.log');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('a large log is truncated while it is open, and its writer continues at the new end', async () => {
  await using writer = await open(file, 'a');
  await writer.write('much more than allowed\n');
  boundLog(file, 10, 100);
  await writer.write('and on\n');
  boundLog(file, 10, 100);
  expect(await readFile(file, 'utf8')).toBe('and on\n');
  expect(await readFile(`${file}.1`, 'utf8')).toBe('much more than allowed\n');
});

test('only the end of a large log is kept, in whole lines', async () => {
  await writeFile(file, 'the first line\nthe second line\nthe third line\n');
  boundLog(file, 10, 35);
  expect(await readFile(`${file}.1`, 'utf8')).toBe('the second line\nthe third line\n');
});

test('a large log whose copy cannot be written is truncated anyway', async () => {
  await writeFile(file, 'much more than allowed\n');
  await mkdir(`${file}.1`);
  boundLog(file, 10, 100);
  expect(await readFile(file, 'utf8')).toBe('');
});
