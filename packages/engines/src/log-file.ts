import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { PRIVATE_FILE } from './private-files.ts';

const MAX_LOG_BYTES = 16 * 1024 * 1024;
const TAIL_BYTES = 16 * 1024;

/** Opens a log to append to. A large log is first renamed to `<file>.1`, replacing an earlier one. */
export function openLog(file: string): number {
  if (existsSync(file) && statSync(file).size > MAX_LOG_BYTES) renameSync(file, `${file}.1`);
  return openSync(file, 'a', PRIVATE_FILE);
}

/**
 * The last lines of a log; empty if there is no such file.
 * @param from only what comes after these bytes, unless the log was cut since.
 */
export function lastLines(file: string, count: number, from = 0): readonly string[] {
  if (!existsSync(file)) return [];
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const first = from > size ? 0 : from;
    const start = Math.max(first, size - TAIL_BYTES);
    const tail = Buffer.alloc(size - start);
    const bytes = readSync(descriptor, tail, 0, tail.length, start);
    const lines = tail.toString('utf8', 0, bytes).split('\n');
    // The tail may begin within a line.
    const whole = start > first ? lines.slice(1) : lines;
    return whole.filter((line) => line.trim() !== '').slice(-count);
  } finally {
    closeSync(descriptor);
  }
}
