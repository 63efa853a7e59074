import { resolve } from 'node:path';
import { stateFile } from '@odograph/cluster/state-file';
import { isSystemError } from '@odograph/engines/errno';
import { parseOwn, readOwn } from '@odograph/engines/own-json';
import { isRunning } from '@odograph/engines/process-identity';
import { projectRoot } from '@odograph/engines/project-paths';
import { Fault } from '@odograph/kernel/fault';
import * as v from 'valibot';

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
export function runningPlatform(dataDir: string): RunningPlatform | undefined {
  const file = stateFile(dataDir);
  const text = readState(file);
  if (text === undefined) return undefined;
  const state = parseOwn(stateSchema, text);
  if (!state) throw new Fault('UNAVAILABLE', `${file} is not what odograph up writes: remove it`);
  return isRunning(state.pid) ? state : undefined;
}

function readState(file: string): string | undefined {
  try {
    return readOwn(file);
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    throw new Fault('UNAVAILABLE', `${file} cannot be read (${cause.code})`, { cause });
  }
}
