import {
  appendFile,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { FileTier } from './file-tier.ts';
import { entryAt, HOUR_MS, logAt } from './tier.fixture.ts';

const disk = vi.hoisted(() => ({ isFull: false }));
vi.mock('node:fs/promises', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:fs/promises')>();
  const write: typeof writeFile = async (...args) => {
    if (disk.isFull) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    await original.writeFile(...args);
  };
  return { ...original, writeFile: write };
});

const { signal } = new AbortController();

/** A folder for one test, and the tiers that processes open on it, one after the other. */
async function openFolder({ maxBytes = 1024 ** 2, now = () => Date.now() } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'odograph-cache-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const damaged: string[] = [];
  const start = async () => {
    const onDamage = (_: string, error: unknown) => void damaged.push((error as Error).message);
    const tier = new FileTier({ folder, maxBytes, floorTtlMs: HOUR_MS, now, onDamage });
    await tier.open();
    await tier.index(signal);
    return tier;
  };
  const files = async () => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
  };
  return { folder, damaged, start, files };
}

const textOf = async (tier: FileTier, key: string) => {
  const [found] = await tier.read([key]);
  return found?.entry.value && Buffer.from(found.entry.value).toString();
};

test('entries and floors survive a restart', async () => {
  const { start } = await openFolder();
  const before = await start();
  await before.write('a', entryAt(1));
  await before.raise('b', [logAt(7)]);
  const after = await start();
  expect(after.bytes).toBe(before.bytes);
  expect(await textOf(after, 'a')).toBe('value 1');
  expect(await after.write('b', entryAt(6))).toBe('below');
});

test.each([
  ['is cut off', (file: string) => truncate(file, 60)],
  ['is empty', (file: string) => truncate(file, 0)],
  ['has more than was written', (file: string) => appendFile(file, 'x')],
  ['has one bit that is another one', flipBit],
  ['is of an older form', (file: string) => writeFile(file, 'odograph-cache-0 1\n["a",1,2]\n|\n')],
])('a file that %s is a miss, and is removed', async (_, damage) => {
  const { start, files, damaged } = await openFolder();
  await (await start()).write('a', entryAt(1));
  const [file = ''] = await files();
  const { atime, mtime } = await stat(file);
  await damage(file);
  await utimes(file, atime, mtime);
  const tier = await start();
  expect(await textOf(tier, 'a')).toBeUndefined();
  expect(damaged).toHaveLength(1);
  expect(await files()).toEqual([]);
  expect(await tier.write('a', entryAt(2))).toBe('stored');
});

async function flipBit(file: string): Promise<void> {
  const bytes = await readFile(file);
  const at = bytes.length - 1;
  bytes[at] = (bytes[at] ?? 0) ^ 4;
  await writeFile(file, bytes);
}

test('the file of another key is never taken for that of this one', async () => {
  const { start, files, damaged } = await openFolder();
  const tier = await start();
  await tier.write('a', entryAt(1));
  const [ofA = ''] = await files();
  await tier.write('b', entryAt(2));
  const ofB = (await files()).find((file) => file !== ofA) ?? '';
  await writeFile(ofB, await readFile(ofA));
  expect(await textOf(tier, 'b')).toBeUndefined();
  expect(damaged).toEqual(['it is of another key']);
});

test('what a process left in the middle of a write is removed, and the entry before it is there', async () => {
  const { start, files } = await openFolder();
  await (await start()).write('a', entryAt(1));
  const [file = ''] = await files();
  await writeFile(`${file}.draft`, 'half');
  const tier = await start();
  expect(await files()).toEqual([file]);
  expect(await textOf(tier, 'a')).toBe('value 1');
});

test('the files that were used longest ago leave when there are too many, also after a restart', async () => {
  const { start, files } = await openFolder({ maxBytes: 3 * 4096 });
  const first = await start();
  for (const key of ['a', 'b', 'c']) await first.write(key, entryAt(1));
  await first.read(['a']);
  await first.write('d', entryAt(1));
  expect(await Promise.all(['a', 'b', 'c', 'd'].map((key) => textOf(first, key)))).toEqual([
    'value 1',
    undefined,
    'value 1',
    'value 1',
  ]);
  const second = await start();
  await second.write('e', entryAt(1));
  expect(await files()).toHaveLength(3);
  expect(second.bytes).toBe(3 * 4096);
});

test('an entry of an earlier process leaves at its end', async () => {
  let nowMs = Date.now();
  const { start, files } = await openFolder({ now: () => nowMs });
  await (await start()).write('a', entryAt(1, 0, { keptMs: 1_000 }));
  const tier = await start();
  nowMs += 1_001;
  expect(await tier.removeExpired()).toBe(1);
  expect(await files()).toEqual([]);
});

test('a clock that jumps changes no age below zero', async () => {
  let nowMs = Date.now();
  const { start } = await openFolder({ now: () => nowMs });
  const tier = await start();
  await tier.write('a', entryAt(1));
  nowMs -= 600_000;
  expect((await tier.read(['a']))[0]?.ageMs).toBe(0);
});

test('a disk that is full takes no entry, and loses one whose floor it cannot take', async () => {
  const { start, files } = await openFolder();
  const tier = await start();
  await tier.write('a', entryAt(1));
  onTestFinished(() => {
    disk.isFull = false;
  });
  disk.isFull = true;
  expect(await tier.write('b', entryAt(1))).toBe('full');
  await tier.raise('a', [logAt(2)]);
  await tier.raise('c', [logAt(2)]);
  expect(await files()).toEqual([]);
  expect(tier.bytes).toBe(0);
});
