import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockDataDir } from './data-lock.ts';

let place: string;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'odograph-lock-'));
});

afterEach(async () => {
  await rm(place, { recursive: true, force: true });
});

test('a data directory is held by one, until it is let go', async () => {
  const unlock = lockDataDir(place);
  expect(() => lockDataDir(place)).toThrow(`in use by another odograph up, process ${process.pid}`);
  unlock();
  expect(await readdir(place)).toEqual([]);
  lockDataDir(place)();
});

test('a place that cannot be a data directory is said to be so', async () => {
  await writeFile(join(place, 'file'), '');
  expect(() => lockDataDir(join(place, 'file'))).toThrow(/file cannot be used for data: E/);
});

test.each([
  ['of a process that is gone', '{"pid":4194303,"startMark":"x"}'],
  ['of an earlier process with the same id', `{"pid":${process.pid},"startMark":"earlier"}`],
  ['that a power cut left empty', ''],
])('a lock %s is free', async (_what, text) => {
  await writeFile(join(place, 'up.lock'), text);
  lockDataDir(place)();
  expect(await readdir(place)).toEqual([]);
});
