import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '@odograph/kernel/fault';
import * as v from 'valibot';
import { parseOwn, readOwn } from './own-json.ts';
import { commandLine, isStillRunning, markedProcess, markProcess, signal } from './process-identity.ts';

/** How long an abandoned process may take over an orderly end before it is killed. */
const STALE_STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 20;

/** A process written down so that whoever comes next can tell it from a stranger with the same id. */
type PidRecord = v.InferOutput<typeof pidRecord>;

const pidRecord = v.object({
  ...markedProcess.entries,
  /** A word of its command line that belongs to it alone, such as its data directory. */
  word: v.pipe(v.string(), v.nonEmpty()),
  /** The process that started it. */
  owner: markedProcess,
});

/** Writes down a process that this one has started. One that has ended already leaves no file. */
export function writePidFile(file: string, pid: number, word: string): void {
  const [child, owner] = [markProcess(pid), markProcess(process.pid)];
  if (!child || !owner) return;
  const record: PidRecord = { ...child, word, owner };
  writeFileSync(`${file}.new`, JSON.stringify(record));
  renameSync(`${file}.new`, file);
}

export function removePidFile(file: string): void {
  rmSync(file, { force: true });
}

/**
 * Ends the process that an owner who is gone left behind, and removes the file. Never touches a stranger.
 * @returns the id of the process that was ended.
 * @throws Fault RULE_VIOLATED while the owner lives: the process is in use.
 */
export async function stopAbandoned(file: string): Promise<number | undefined> {
  const record = readRecord(file);
  if (record === undefined || !isSame(record)) {
    removePidFile(file);
    return undefined;
  }
  if (isStillRunning(record.owner)) {
    throw new Fault('RULE_VIOLATED', `${record.word} is in use by process ${record.owner.pid}`);
  }
  signal(record.pid, 'SIGTERM');
  if (!(await hasEnded(record))) {
    signal(record.pid, 'SIGKILL');
    await hasEnded(record);
  }
  removePidFile(file);
  return record.pid;
}

function isSame(record: PidRecord): boolean {
  return isStillRunning(record) && commandLine(record.pid)?.includes(record.word) === true;
}

async function hasEnded(record: PidRecord): Promise<boolean> {
  const deadline = performance.now() + STALE_STOP_TIMEOUT_MS;
  // Its command line is gone a little before it is.
  while (isStillRunning(record)) {
    if (performance.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

function readRecord(file: string): PidRecord | undefined {
  const text = readOwn(file);
  return text === undefined ? undefined : parseOwn(pidRecord, text);
}
