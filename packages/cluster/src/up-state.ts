import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isSystemError } from '@odograph/engines/errno';
import { parseOwn, readOwn } from '@odograph/engines/own-json';
import { writePrivate } from '@odograph/engines/private-files';
import { projectRoot } from '@odograph/engines/project-paths';
import { Fault } from '@odograph/kernel/fault';
import * as v from 'valibot';
import { holderOf } from './data-lock.ts';

/** What `odograph up` runs now. A restart of a process changes its process id and nothing else. */
export interface UpState {
  /** `host:port` of each service, and the URL of each engine with its password masked. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** `host:port` of each service's metrics. */
  readonly metrics: Readonly<Record<string, string>>;
  /** Process ids of the services, and of the engines that were started here. */
  readonly processes: Readonly<Record<string, number>>;
}

/** The part of up.json that other commands read. */
const stateSchema = v.object({
  pid: v.number(),
  endpoints: v.record(v.string(), v.string()),
  metrics: v.record(v.string(), v.string()),
  processes: v.record(v.string(), v.number()),
});

export type RunningPlatform = Readonly<v.InferOutput<typeof stateSchema>>;

/** The data directory: `ODO_DATA_DIR`, or `.data` in the checkout. An empty value counts as not set. */
export function dataDirOf(env: NodeJS.ProcessEnv): string {
  return resolve(projectRoot, env['ODO_DATA_DIR'] || '.data');
}

/** The file by which other commands find the platform that runs on a data directory. */
export function stateFile(dataDir: string): string {
  return join(dataDir, 'up.json');
}

export function writeUpState(dataDir: string, state: UpState): void {
  writePrivate(stateFile(dataDir), `${JSON.stringify({ pid: process.pid, ...state })}\n`);
}

export function removeUpState(dataDir: string): void {
  rmSync(stateFile(dataDir), { force: true });
}

/**
 * The platform that runs on a data directory; undefined if none does, even if a killed one left its file
 * and another process has its id now, as after a restart of the machine.
 * @throws Fault UNAVAILABLE when the file cannot be read or is damaged.
 */
export function runningPlatform(dataDir: string): RunningPlatform | undefined {
  const file = stateFile(dataDir);
  const text = readState(file);
  if (text === undefined) return undefined;
  const state = parseOwn(stateSchema, text);
  if (!state) throw new Fault('UNAVAILABLE', `${file} was not written by odograph up: remove it`);
  return holderOf(dataDir) === state.pid ? state : undefined;
}

function readState(file: string): string | undefined {
  try {
    return readOwn(file);
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    throw new Fault('UNAVAILABLE', `${file} cannot be read (${cause.code})`, { cause });
  }
}
