import { linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno, isSystemError } from '@odograph/engines/errno';
import { parseOwn, readOwn } from '@odograph/engines/own-json';
import { isStillRunning, markedProcess, markProcess } from '@odograph/engines/process-identity';
import { Fault } from '@odograph/kernel/fault';

/**
 * Takes a data directory for this process alone; one whose holder is gone is free.
 * @returns how to let it go.
 * @throws Fault RULE_VIOLATED that names the process which holds it.
 */
export function lockDataDir(dataDir: string): () => void {
  const file = lockFile(dataDir);
  const draft = `${file}.${process.pid}`;
  try {
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(draft, JSON.stringify(markProcess(process.pid)));
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    throw new Fault('UNAVAILABLE', `${dataDir} cannot be used for data: ${cause.message}`, { cause });
  }
  try {
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

/** The process that holds a data directory; undefined where none does. */
export function holderOf(dataDir: string): number | undefined {
  return livingHolder(readLock(lockFile(dataDir)));
}

function lockFile(dataDir: string): string {
  return join(dataDir, 'up.lock');
}

/** A link is made whole or not at all, and by one process only. */
function tryLink(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  }
}

/** @returns what the lock says; nothing when it was let go just now. */
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
    `${dataDir} is in use by another odograph up, process ${holder}: stop that one, or choose another with --data`,
  );
}

/** Another may have done the same and hold it by now: then its lock is put back. */
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
