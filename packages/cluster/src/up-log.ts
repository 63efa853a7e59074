import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Note } from '@odograph/engines/candidate';
import { isSystemError } from '@odograph/engines/errno';
import { lastLines } from '@odograph/engines/log-file';
import { PRIVATE_FILE } from '@odograph/engines/private-files';

/** Writes into the up.log of a data directory. On a full disk it only notes that it cannot. */
export function openUpLog(dataDir: string, note: Note): (line: string) => void {
  const file = join(dataDir, 'up.log');
  return (line) => {
    try {
      appendFileSync(file, `${new Date().toISOString()} ${line}\n`, { mode: PRIVATE_FILE });
    } catch (error) {
      if (!isSystemError(error)) throw error;
      note(`${file} cannot be written: ${error.message}`);
    }
  };
}

/** The first message of each run of a platform. */
export const STARTING = 'starting';
/** The message of each run before it stops what it has started. */
export const STOPPING = 'stopping';
/** The last message of each run that ends in order. */
export const STOPPED = 'stopped';
/** Before the reason why a platform ended by itself. */
export const ENDED_BECAUSE = 'ended because of this: ';

/** A message in up.log. */
export interface UpLogEntry {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** One line, or several. */
  readonly message: string;
}

const READ_LINES = 200;

/** The last messages of the last run in the up.log of a data directory, the oldest first; empty if there are none. */
export function readUpLog(dataDir: string): readonly UpLogEntry[] {
  const entries: UpLogEntry[] = [];
  for (const line of lastLines(join(dataDir, 'up.log'), READ_LINES)) {
    const [, at, message] = /^(\d{4}-\d\d-\d\dT\S+Z) (.*)$/.exec(line) ?? [];
    const last = entries.at(-1);
    if (at !== undefined && message !== undefined) entries.push({ at, message });
    else if (last) entries.splice(-1, 1, { ...last, message: `${last.message}\n${line}` });
  }
  const begun = entries.findLastIndex(({ message }) => message === STARTING);
  return entries.slice(Math.max(0, begun));
}
