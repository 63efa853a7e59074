import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SupervisedProcess } from '@odograph/cluster/supervised-process';
import { preloadEnv } from '@odograph/testing/preload-env';

/** The environment variable with the folder of clock files. Services refuse unknown variables with their own prefix. */
export const CLOCKS_FOLDER = 'CHAOS_CLOCKS';

const folderIn = (dataDir: string) => join(dataDir, 'clocks');

/** The environment of services whose clocks {@link shiftServiceClock} can shift. */
export async function shiftableClocks(dataDir: string): Promise<NodeJS.ProcessEnv> {
  await mkdir(folderIn(dataDir), { recursive: true });
  return { [CLOCKS_FOLDER]: folderIn(dataDir), ...preloadEnv(new URL('shift-date.ts', import.meta.url)) };
}

/** Sets a service's clock ahead of the system's by some milliseconds, or back, within 20 ms and until the service ends. */
export async function shiftServiceClock(dataDir: string, node: SupervisedProcess, ms: number): Promise<void> {
  await writeFile(join(folderIn(dataDir), String(node.pid())), String(ms));
}
