import { execFile, spawnSync } from 'node:child_process';
import { constants, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findBinary } from '@odograph/engines/find-engine';

const SOURCE = join(import.meta.dirname, 'shifted-clock.c');

const clockFile = (dataDir: string) => join(dataDir, 'mongo-clock');

/** Why the clock of MongoDB cannot be shifted on this machine; undefined if it can. */
export function clockUnsupported(): string | undefined {
  if (process.platform !== 'linux')
    return 'shifting the clock of MongoDB needs LD_PRELOAD, which only Linux has';
  const { status } = spawnSync('cc', ['--version'], { stdio: 'ignore' });
  return status === 0 ? undefined : 'shifting the clock of MongoDB needs a C compiler: install one as `cc`';
}

/** Creates a MongoDB binary whose clock {@link shiftMongoClock} can shift. Returns its path. */
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

/** Sets MongoDB's clock ahead of the system's by some milliseconds; a negative number sets it back. */
export async function shiftMongoClock(dataDir: string, ms: number): Promise<void> {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(ms));
  // Written in place: MongoDB maps the file, and truncating it would crash MongoDB.
  const file = await open(clockFile(dataDir), constants.O_RDWR | constants.O_CREAT);
  await file.write(bytes, 0, bytes.length, 0).finally(() => file.close());
}
