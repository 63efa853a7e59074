import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { installWhole } from './staged-install.ts';

let place: string;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'odograph-install-'));
});

afterEach(async () => {
  await rm(place, { recursive: true, force: true });
});

const write = (text: string) => async (staging: string) => {
  await writeFile(join(staging, 'file'), text);
};

test('an existing directory is not installed again', async () => {
  await installWhole(join(place, 'it'), write('first'));
  await installWhole(join(place, 'it'), write('second'));
  expect(await readFile(join(place, 'it/file'), 'utf8')).toBe('first');
  expect(await readdir(place)).toEqual(['it']);
});

test('an install that fails leaves nothing, and the next one succeeds', async () => {
  const fails = async (staging: string) => {
    await write('half')(staging);
    throw new Error('no more disk');
  };
  await expect(installWhole(join(place, 'it'), fails)).rejects.toThrow('no more disk');
  expect(await readdir(place)).toEqual([]);
  await installWhole(join(place, 'it'), write('whole'));
  expect(await readFile(join(place, 'it/file'), 'utf8')).toBe('whole');
});

test('the staging directory of a killed install is removed, that of a running install is not', async () => {
  await mkdir(join(place, '.new-4194303-it'));
  await mkdir(join(place, `.new-${process.ppid}-it`));
  await installWhole(join(place, 'it'), write('whole'));
  expect((await readdir(place)).sort()).toEqual([`.new-${process.ppid}-it`, 'it']);
});

test('if another install finishes first, its result is kept', async () => {
  await installWhole(join(place, 'it'), async (staging) => {
    await write('slow')(staging);
    await mkdir(join(place, 'it'));
    await writeFile(join(place, 'it/file'), 'fast');
  });
  expect(await readFile(join(place, 'it/file'), 'utf8')).toBe('fast');
  expect(await readdir(place)).toEqual(['it']);
});
