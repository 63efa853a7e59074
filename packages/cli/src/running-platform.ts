import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { projectRoot } from '@odograph/engines/project-paths';
import { Fault } from '@odograph/kernel/fault';
import * as v from 'valibot';
import { stateFile } from './up/state-file.ts';

const stateSchema = v.object({
  pid: v.number(),
  endpoints: v.record(v.string(), v.string()),
});

/** What an `odograph up` that runs now says of itself. */
export interface RunningPlatform {
  readonly pid: number;
  /** `host:port` of each service, the URL of each engine, by name. */
  readonly endpoints: Readonly<Record<string, string>>;
}

/** Where the platform keeps its data unless told otherwise. */
export function dataDirOf(env: NodeJS.ProcessEnv): string {
  return resolve(projectRoot, env['ODO_DATA_DIR'] ?? '.data');
}

/** Finds the platform that runs on a data directory; undefined where none does, also where it was killed and left its note. */
export async function runningPlatform(dataDir: string): Promise<RunningPlatform | undefined> {
  const file = stateFile(dataDir);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new Fault('UNAVAILABLE', `${file} cannot be read (${error.code})`, { cause: error });
  });
  if (text === undefined) return undefined;
  const state = v.safeParse(stateSchema, parse(text, file));
  if (!state.success) throw new Fault('UNAVAILABLE', `${file} is not what odograph up writes: remove it`);
  return isAlive(state.output.pid) ? state.output : undefined;
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Fault('UNAVAILABLE', `${file} is no JSON: remove it`, { cause });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It lives, but belongs to someone else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
