import { chmodSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { Fault } from '@odograph/kernel/fault';
import { isSystemError } from './errno.ts';
import { makeFolder } from './make-folder.ts';

/** A file that only its owner reads and writes. */
export const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
/** The bits of a mode for group and others. */
export const OTHER_USERS = 0o077;

/**
 * Creates a folder that only its owner can enter, or closes one that is there to all others.
 * @throws Fault RULE_VIOLATED when it belongs to another user, who could read what is put into it.
 */
export function makePrivateFolder(path: string): void {
  makeFolder(path, PRIVATE_FOLDER);
  const { uid } = statSync(path);
  const own = process.getuid?.() ?? uid;
  if (uid !== own) throw new Fault('RULE_VIOLATED', foreignLine(path, uid, own));
  chmodSync(path, PRIVATE_FOLDER);
}

function foreignLine(path: string, uid: number, own: number): string {
  return `${path} belongs to user ${uid} and this process is user ${own}: data is kept in your own folder; run as user ${uid}, or choose another folder with --data`;
}

/** Writes a whole file that only its owner reads; a reader sees the old content or the new one. */
export function writePrivate(file: string, content: string): void {
  try {
    writeFileSync(`${file}.new`, content, { mode: PRIVATE_FILE });
  } catch (error) {
    // Unlike an error of opening, one of writing names no file: `ENOSPC: no space left on device, write`.
    if (isSystemError(error) && error.path === undefined) error.message += ` '${file}'`;
    throw error;
  }
  renameSync(`${file}.new`, file);
}

/** Runs synchronous work; files that it creates, and those of processes that it starts, are closed to other users. */
export function privately<T>(work: () => T): T {
  const before = process.umask(OTHER_USERS);
  try {
    return work();
  } finally {
    process.umask(before);
  }
}
