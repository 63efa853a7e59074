import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '@odograph/kernel/fault';
import { isErrno } from './errno.ts';
import { commandLine, isRunning, signal, startMark } from './process-identity.ts';

/** How long an abandoned process may take over an orderly end before it is killed. */
const STALE_STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 20;

/** A process written down so that whoever comes next can tell it from a stranger with the same id. */
interface PidRecord {
  readonly pid: number;
  readonly startMark: string;
  /** A word of its command line that belongs to it alone, such as its data directory. */
  readonly word: string;
  /** The process that started it. */
  readonly owner: { readonly pid: number; readonly startMark: string };
}

/** Writes down a process that this one has started. One that has ended already leaves no file. */
export function writePidFile(file: string, pid: number, word: string): void {
  const mark = startMark(pid);
  if (mark === undefined) return;
  const owner = { pid: process.pid, startMark: startMark(process.pid) ?? '' };
  const record: PidRecord = { pid, startMark: mark, word, owner };
  writeFileSync(`${file}.new`, JSON.stringify(record));
  renameSync(`${file}.new`, file);
}

export function removePidFile(file: string): void {
  rmSync(file, { force: true });
}

/** The process a pid file speaks of, if that very process still runs: same id, start time and command line. */
export function livingPid(file: string): number | undefined {
  const record = readRecord(file);
  return record !== undefined && isSame(record) ? record.pid : undefined;
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
  if (startMark(record.owner.pid) === record.owner.startMark) {
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
  if (!isRunning(record.pid) || startMark(record.pid) !== record.startMark) return false;
  return commandLine(record.pid)?.includes(record.word) === true;
}

async function hasEnded(record: PidRecord): Promise<boolean> {
  const deadline = performance.now() + STALE_STOP_TIMEOUT_MS;
  while (isSame(record)) {
    if (performance.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** Reads a pid file; one that a crash left half written says nothing. */
function readRecord(file: string): PidRecord | undefined {
  try {
    const record: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isPidRecord(record) ? record : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

type Unchecked<T> = Partial<Record<keyof T, unknown>>;

function isPidRecord(value: unknown): value is PidRecord {
  if (!isMarkedProcess(value)) return false;
  const { word, owner } = value as Unchecked<PidRecord>;
  return typeof word === 'string' && word !== '' && isMarkedProcess(owner);
}

function isMarkedProcess(value: unknown): value is PidRecord['owner'] {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, startMark: mark } = value as Unchecked<PidRecord['owner']>;
  return Number.isInteger(pid) && Number(pid) > 1 && typeof mark === 'string' && mark !== '';
}
