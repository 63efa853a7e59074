import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stopAbandoned, writePidFile } from './pid-file.ts';
import { isRunning } from './process-identity.ts';

const WORD = 'a-word-of-its-own';

let place: string;
let file: string;
let child: ChildProcess;
let pid: number;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'odograph-pid-'));
  file = join(place, 'it.pid');
  child = spawn(process.execPath, ['-e', 'process.stdout.write("up"); setInterval(() => {}, 1e6)', WORD]);
  await new Promise((done) => child.stdout?.once('data', done));
  pid = child.pid ?? 0;
  writePidFile(file, pid, WORD);
});

afterEach(async () => {
  child.kill('SIGKILL');
  await rm(place, { recursive: true, force: true });
});

async function change(part: Record<string, unknown>): Promise<void> {
  const record = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  await writeFile(file, JSON.stringify({ ...record, ...part }));
}

/** The file as the next start finds it after the owner has died. */
const ownerGone = () => change({ owner: { pid: 2 ** 22 - 1, startMark: 'gone' } });

test('an abandoned process is ended', async () => {
  await ownerGone();
  expect(await stopAbandoned(file)).toBe(pid);
  expect(isRunning(pid)).toBe(false);
  expect(existsSync(file)).toBe(false);
});

test.each([
  ['started at another time', { startMark: 'another' }],
  ['with another command line', { word: 'not-a-word-of-its-own' }],
])('another process with the same id, %s, is left alone', async (_what, part) => {
  await ownerGone();
  await change(part);
  expect(await stopAbandoned(file)).toBeUndefined();
  expect(isRunning(pid)).toBe(true);
  expect(existsSync(file)).toBe(false);
});

test('a process whose owner runs is in use', async () => {
  await expect(stopAbandoned(file)).rejects.toThrow(`${WORD} is in use by process ${process.pid}`);
  expect(isRunning(pid)).toBe(true);
});

test.each(['', '{', '{"pid":1}', '{"pid":"x"}', 'null'])(
  'a file with the content %j ends no process',
  async (text) => {
    await writeFile(file, text);
    expect(await stopAbandoned(file)).toBeUndefined();
    expect(isRunning(pid)).toBe(true);
  },
);
