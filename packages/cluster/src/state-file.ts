import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Addresses by name. */
export type Endpoints = Readonly<Record<string, string>>;

/** What `odograph up` runs now. A restart of a part changes its process id and nothing else. */
export interface UpState {
  /** `host:port` of each service, and the URL of each engine, its password masked. */
  readonly endpoints: Endpoints;
  /** `host:port` where each service shows its metrics. */
  readonly metrics: Endpoints;
  /** Process ids of the services, and of the engines that were started here. */
  readonly processes: Readonly<Record<string, number>>;
}

/** Where the other commands find what runs on a data directory, while it runs. */
export function stateFile(dataDir: string): string {
  return join(dataDir, 'up.json');
}

export function writeUpState(dataDir: string, state: UpState): void {
  const file = stateFile(dataDir);
  writeFileSync(`${file}.new`, `${JSON.stringify({ pid: process.pid, ...state })}\n`);
  renameSync(`${file}.new`, file);
}

export function removeUpState(dataDir: string): void {
  rmSync(stateFile(dataDir), { force: true });
}
