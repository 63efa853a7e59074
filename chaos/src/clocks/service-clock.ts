import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SupervisedProcess } from '@odograph/cluster/supervised-process';
import { preloadEnv } from '../round/preload-env.ts';

/** Tells a service where its clock is steered; no name that begins like its own settings. */
export const CLOCKS_FOLDER = 'CHAOS_CLOCKS';

const folderIn = (dataDir: string) => join(dataDir, 'clocks');

/** What services are given so that {@link shiftServiceClock} shifts their clocks. */
export async function shiftableClocks(dataDir: string): Promise<NodeJS.ProcessEnv> {
  await mkdir(folderIn(dataDir), { recursive: true });
  return { [CLOCKS_FOLDER]: folderIn(dataDir), ...preloadEnv(new URL('shift-date.ts', import.meta.url)) };
}

/** Sets a service's clock so many milliseconds ahead of the system's, or back; within a moment, and until it ends. */
export async function shiftServiceClock(dataDir: string, node: SupervisedProcess, ms: number): Promise<void> {
  await writeFile(join(folderIn(dataDir), String(node.pid())), String(ms));
}
