import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '@odograph/kernel/fault';
import * as v from 'valibot';
import { parseOwn, readOwn } from './own-json.ts';
import { writePrivate } from './private-files.ts';
import { commandLine, isStillRunning, markedProcess, markProcess, signal } from './process-identity.ts';

/** How long an abandoned process may take to end after SIGTERM before it is killed. */
const STALE_STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 20;

/** A process, with what distinguishes it from a later process with the same id. */
type PidRecord = v.InferOutput<typeof pidRecord>;

const pidRecord = v.object({
  ...markedProcess.entries,
  /** A part of its command line that no other process has, such as its data directory. */
  word: v.pipe(v.string(), v.nonEmpty()),
  /** The process that started it. */
  owner: markedProcess,
});

/** Records a process that this one has started. Writes nothing if it has already ended. */
export function writePidFile(file: string, pid: number, word: string): void {
  const [child, owner] = [markProcess(pid), markProcess(process.pid)];
  if (!child || !owner) return;
  const record: PidRecord = { ...child, word, owner };
  writePrivate(file, JSON.stringify(record));
}

/** The recorded process, if it runs; it may be newer than what up.json says. */
export function recordedProcess(file: string): number | undefined {
  const record = readRecord(file);
  return record && isStillRunning(record) ? record.pid : undefined;
}

export function removePidFile(file: string): void {
  rmSync(file, { force: true });
}

/**
 * Ends the recorded process if its owner is gone, and removes the file. Another process with the same id is left alone.
 * @returns the id of the process that was ended.
 * @throws Fault RULE_VIOLATED while the owner runs: the process is in use.
 */
export async function stopAbandoned(file: string): Promise<number | undefined> {
  const record = readRecord(file);
  if (record === undefined || !isSame(record)) {
    removePidFile(file);
    return undefined;
  }
  if (isStillRunning(record.owner)) {
    throw new Fault(
      'RULE_VIOLATED',
      `${record.word} is in use by process ${record.owner.pid}: stop that process first`,
    );
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
  // The command line disappears a moment before the process does.
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
