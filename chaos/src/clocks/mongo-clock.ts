import { execFile, spawnSync } from 'node:child_process';
import { constants, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findBinary } from '@odograph/engines/find-engine';

const SOURCE = join(import.meta.dirname, 'shifted-clock.c');

const clockFile = (dataDir: string) => join(dataDir, 'mongo-clock');

/** Why a program's clock cannot be shifted here; undefined where it can. */
export function clockObstacle(): string | undefined {
  if (process.platform !== 'linux') return 'a clock is shifted by what is loaded first, as on Linux';
  const { status } = spawnSync('cc', ['--version'], { stdio: 'ignore' });
  return status === 0 ? undefined : 'what shifts a clock has to be compiled, and there is no C compiler';
}

/** Makes a MongoDB whose clock {@link shiftMongoClock} shifts, in a round's folder; gives its binary. */
export async function makeShiftableMongo(dataDir: string, aheadMs: number): Promise<string> {
  const library = join(dataDir, 'shifted-clock.so');
  await promisify(execFile)('cc', ['-shared', '-fPIC', '-O2', '-o', library, SOURCE, '-ldl']);
  await shiftMongoClock(dataDir, aheadMs);
  const { path } = await findBinary('mongo');
  const wrapper = join(dataDir, 'mongod');
  const environment = `CHAOS_CLOCK='${clockFile(dataDir)}' LD_PRELOAD='${library}'`;
  await writeFile(wrapper, `#!/bin/sh\n${environment} exec '${path}' "$@"\n`, { mode: 0o755 });
  return wrapper;
}

/** Sets MongoDB's clock so many milliseconds ahead of the system's, or back. */
export async function shiftMongoClock(dataDir: string, ms: number): Promise<void> {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(ms));
  // In place, for MongoDB has the file in its memory: one that was cut back first would end it.
  const file = await open(clockFile(dataDir), constants.O_RDWR | constants.O_CREAT);
  await file.write(bytes, 0, bytes.length, 0).finally(() => file.close());
}
