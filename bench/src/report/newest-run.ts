import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Fault } from '@odograph/kernel/fault';
import { BASELINE_FILE, RESULTS_DIRECTORY, readRun } from './results.ts';

/**
 * The recorded run that began last; the baseline is none of them.
 * @throws Fault NOT_FOUND where nothing is recorded.
 */
export function newestRunFile(directory: string = RESULTS_DIRECTORY): string {
  const names = (existsSync(directory) ? readdirSync(directory) : []).filter((name) =>
    name.endsWith('.json'),
  );
  const runs = names
    .filter((name) => name !== basename(BASELINE_FILE))
    .map((name) => join(directory, name))
    .map((file) => ({ file, date: readRun(file).date }))
    .toSorted((a, b) => a.date.localeCompare(b.date));
  const newest = runs.at(-1);
  if (newest === undefined)
    throw new Fault('NOT_FOUND', `no run is recorded in ${directory}: run the bench first`);
  return newest.file;
}
