import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from './make-folder.ts';
import { isRunning } from './process-identity.ts';

/**
 * Creates a directory completely or not at all: `fill` works in a staging directory, which is renamed at the end. If two
 * installs run at the same time, the first one to finish wins and the other result is removed.
 */
export async function installWhole(target: string, fill: (staging: string) => Promise<void>): Promise<void> {
  if (existsSync(target)) return;
  const parent = dirname(target);
  makeFolder(parent);
  await removeAbandoned(parent);
  const staging = await mkdtemp(join(parent, `.new-${process.pid}-`));
  try {
    await fill(staging);
    await rename(staging, target).catch((error: unknown) => {
      if (!existsSync(target)) throw error;
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = /^\.new-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || isRunning(Number(pid))) continue;
    await rm(join(parent, name), { recursive: true, force: true });
  }
}
