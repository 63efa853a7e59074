import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { isErrno } from './errno.ts';

/** Whether a process with this id runs, under any user; a zombie does not count. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return isErrno(error, 'EPERM');
  }
  return process.platform !== 'linux' || readStat(pid)?.state !== 'Z';
}

/** What a process does now: `stopped` by SIGSTOP or a debugger, which keeps its connections and answers nothing. */
export function processState(pid: number): 'running' | 'stopped' | 'gone' {
  if (!isRunning(pid)) return 'gone';
  const state = process.platform === 'linux' ? readStat(pid)?.state : psField(pid, 'state');
  return state !== undefined && /^[Tt]/.test(state) ? 'stopped' : 'running';
}

/** A process, distinguished from a later one with the same id. */
type MarkedProcess = v.InferOutput<typeof markedProcess>;

export const markedProcess = v.object({
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  startMark: v.pipe(v.string(), v.nonEmpty()),
});

/** Undefined when there is no such process. */
export function markProcess(pid: number): MarkedProcess | undefined {
  const mark = startMark(pid);
  return mark === undefined ? undefined : { pid, startMark: mark };
}

/** Whether exactly this process still runs. */
export function isStillRunning({ pid, startMark: mark }: MarkedProcess): boolean {
  return isRunning(pid) && startMark(pid) === mark;
}

/** Sends a signal; a process that has just ended is not an error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}

/**
 * Distinguishes a process from a later one with the same id: its start time and the boot id.
 * @returns undefined when there is no such process.
 */
function startMark(pid: number): string | undefined {
  if (process.platform !== 'linux') return psField(pid, 'lstart');
  const stat = readStat(pid);
  if (stat === undefined) return undefined;
  return `${read('/proc/sys/kernel/random/boot_id')?.trim()}/${stat.startTicks}`;
}

/** The command line, words separated by spaces; undefined when there is no such process. */
export function commandLine(pid: number): string | undefined {
  if (process.platform !== 'linux') return psField(pid, 'command');
  return read(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ').trim();
}

/** See proc(5), /proc/pid/stat: the name in parentheses may contain any character, so fields count from the last one. */
function readStat(pid: number): { state: string; startTicks: string } | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', startTicks: fields[19] ?? '' };
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}

function psField(pid: number, field: string): string | undefined {
  try {
    return execFileSync('ps', ['-o', `${field}=`, '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return undefined; // ps exits with 1 when there is no such process.
  }
}
