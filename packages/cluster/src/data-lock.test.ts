import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockDataDir } from './data-lock.ts';
import { dataDirOf } from './up-state.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'odograph-lock-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('a data directory is locked by one process until that removes the lock', async () => {
  const unlock = lockDataDir(folder);
  expect(() => lockDataDir(folder)).toThrow(`in use by another odograph up, process ${process.pid}`);
  unlock();
  expect(await readdir(folder)).toEqual([]);
  lockDataDir(folder)();
});

test('a folder that cannot be a data directory is reported', async () => {
  await writeFile(join(folder, 'file'), '');
  expect(() => lockDataDir(join(folder, 'file'))).toThrow(/file cannot be used for data: E/);
});

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

test.each(['nothing', 'nats', 'lost+found'])('an open folder with %s in it is closed', async (name) => {
  if (name !== 'nothing') await mkdir(join(folder, name));
  await chmod(folder, 0o755);
  lockDataDir(folder)();
  expect(await modeOf(folder)).toBe(0o700);
});

test('an open folder with other things in it is refused and left as it is, a closed one is taken', async () => {
  await writeFile(join(folder, 'letter'), '');
  await chmod(folder, 0o755);
  expect(() => lockDataDir(folder)).toThrow(
    `${folder} is open to other users and holds other things than data, such as letter: choose another folder with --data, or close this one with chmod 700`,
  );
  expect(await modeOf(folder)).toBe(0o755);
  await chmod(folder, 0o700);
  lockDataDir(folder)();
});

test('a folder of another user is refused, by the numbers of both', async () => {
  const own = process.getuid?.() ?? 0;
  // Only root may; without that right a folder of root serves.
  await chown(folder, 12_345, 12_345).catch(() => undefined);
  const [foreign, user] = own === 0 ? [folder, 12_345] : ['/usr', 0];
  expect(() => lockDataDir(foreign)).toThrow(
    `${foreign} belongs to user ${user} and this process is user ${own}: data is kept in your own folder; run as user ${user}, or choose another folder with --data`,
  );
});

test('an empty ODO_DATA_DIR counts as not set', () => {
  expect(dataDirOf({ ODO_DATA_DIR: '' })).toBe(dataDirOf({}));
});

test.each([
  ['of a process that has ended', '{"pid":4194303,"startMark":"x"}'],
  ['of an earlier process with the same id', `{"pid":${process.pid},"startMark":"earlier"}`],
  ['that is empty after a power cut', ''],
])('a lock %s is replaced', async (_what, text) => {
  await writeFile(join(folder, 'up.lock'), text);
  lockDataDir(folder)();
  expect(await readdir(folder)).toEqual([]);
});
