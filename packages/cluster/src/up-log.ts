import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Note } from '@odograph/engines/candidate';
import { isSystemError } from '@odograph/engines/errno';
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
