import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { mkdir, open, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const MIB = 1024 ** 2;
const BALLAST = 'ballast';

/** Why a small disk cannot be mounted on this machine; undefined if it can. */
export function mountUnsupported(): string | undefined {
  if (process.platform !== 'linux') return 'a small disk is a tmpfs, which only Linux has';
  const folder = mkdtempSync(join(tmpdir(), 'odograph-mount-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], {
    stdio: 'ignore',
  });
  if (status === 0) spawnSync('umount', [folder], { stdio: 'ignore' });
  rmdirSync(folder);
  return status === 0 ? undefined : 'mounting a small disk is not permitted: run as root';
}

/** Mounts a tmpfs at a folder. The returned function unmounts it, which deletes its content. */
export async function mountSmallDisk(folder: string, mib: number): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', folder]);
  return async () => void (await run('umount', [folder]));
}

/** Fills a disk until only this share of it is free, from 0 to 1. */
export async function fillDisk(folder: string, freeRatio: number): Promise<void> {
  const file = await open(join(folder, BALLAST), 'a');
  try {
    const { blocks, bavail, bsize } = await statfs(folder);
    let left = bavail * bsize - blocks * bsize * freeRatio;
    for (; left > 0; left -= MIB) await file.appendFile(Buffer.alloc(Math.min(left, MIB)));
  } catch (error) {
    if (!isFull(error)) throw error;
  } finally {
    await file.close();
  }
}

/** Removes what {@link fillDisk} wrote. */
export async function clearDisk(folder: string): Promise<void> {
  await rm(join(folder, BALLAST), { force: true });
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOSPC';
}
