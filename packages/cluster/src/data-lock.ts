import { linkSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno, isSystemError } from '@odograph/engines/errno';
import { parseOwn, readOwn } from '@odograph/engines/own-json';
import { makePrivateFolder, OTHER_USERS, PRIVATE_FILE } from '@odograph/engines/private-files';
import { isStillRunning, markedProcess, markProcess } from '@odograph/engines/process-identity';
import { Fault } from '@odograph/kernel/fault';

/**
 * Locks a data directory for this process, and closes it to other users of the machine. A lock whose process is gone is replaced.
 * @returns a function that removes the lock.
 * @throws Fault RULE_VIOLATED with the id of the process that holds the lock, or when the folder cannot be used.
 */
export function lockDataDir(dataDir: string): () => void {
  try {
    return lock(dataDir);
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    throw new Fault(
      'RULE_VIOLATED',
      `${dataDir} cannot be used for data: ${cause.message}: choose another folder with --data`,
      { cause },
    );
  }
}

function lock(dataDir: string): () => void {
  const file = lockFile(dataDir);
  const draft = `${file}.${process.pid}`;
  refuseShared(dataDir);
  makePrivateFolder(dataDir);
  try {
    writeFileSync(draft, JSON.stringify(markProcess(process.pid)), { mode: PRIVATE_FILE });
    while (!tryLink(draft, file)) {
      const held = readLock(file);
      refuseWhileAlive(held, dataDir);
      removeStale(file, held);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return () => rmSync(file, { force: true });
}

/** What a data directory has, also one that was made before these were closed to other users. */
const OURS = /^up\.|^(nats|mongo)$/;
/** The root of a disk has it. */
const IGNORED = 'lost+found';

/** `--data /tmp` must not close a folder that others use. */
function refuseShared(dataDir: string): void {
  const { mode = 0, uid } = statSync(dataDir, { throwIfNoEntry: false }) ?? {};
  // A folder of another user is refused for that.
  if ((mode & OTHER_USERS) === 0 || uid !== process.getuid?.()) return;
  const names = readdirSync(dataDir).filter((name) => name !== IGNORED);
  if (names.length === 0 || names.some((name) => OURS.test(name))) return;
  throw new Fault(
    'RULE_VIOLATED',
    `${dataDir} is open to other users and holds other things than data, such as ${names[0]}: choose another folder with --data, or close this one with chmod 700`,
  );
}

/** The process that holds the lock of a data directory; undefined if none does. */
export function holderOf(dataDir: string): number | undefined {
  return livingHolder(readLock(lockFile(dataDir)));
}

function lockFile(dataDir: string): string {
  return join(dataDir, 'up.lock');
}

/** Creating a link is atomic, and only one process succeeds. */
function tryLink(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  }
}

/** @returns the content of the lock; empty if it was just removed. */
function readLock(file: string): string {
  return readOwn(file) ?? '';
}

function livingHolder(held: string): number | undefined {
  const holder = parseOwn(markedProcess, held);
  return holder && isStillRunning(holder) ? holder.pid : undefined;
}

function refuseWhileAlive(held: string, dataDir: string): void {
  const holder = livingHolder(held);
  if (holder === undefined) return;
  throw new Fault(
    'RULE_VIOLATED',
    `${dataDir} is in use by another odograph up, process ${holder}: stop that process, or choose another folder with --data`,
  );
}

/** Another process may have replaced the stale lock first; then its lock is put back. */
function removeStale(file: string, stale: string): void {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  if (readLock(aside) !== stale) tryLink(aside, file);
  rmSync(aside, { force: true });
}
