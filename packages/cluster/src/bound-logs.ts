import { closeSync, existsSync, openSync, readSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { isSystemError } from '@odograph/engines/errno';
import { PRIVATE_FILE } from '@odograph/engines/private-files';

const MAX_LOG_BYTES = 64 * 1024 * 1024;
/** Of a log that is cut, this much of its end is kept. */
const KEPT_BYTES = 16 * 1024 * 1024;
const CHECK_EVERY_MS = 1_000;

/**
 * Keeps logs that are open in other processes from filling the disk: of a large log the end is copied to `<file>.1`, and it is
 * truncated. The writers append, so they continue at the new end. @returns a function that ends this.
 */
export function boundLogs(files: Iterable<string>): () => void {
  const timer = setInterval(() => {
    for (const file of files) boundLog(file, MAX_LOG_BYTES, KEPT_BYTES);
  }, CHECK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

export function boundLog(file: string, maxBytes: number, keptBytes: number): void {
  if (!existsSync(file) || statSync(file).size <= maxBytes) return;
  try {
    writeFileSync(`${file}.1`, endOf(file, keptBytes), { mode: PRIVATE_FILE });
  } catch (error) {
    // On a full disk the log is shortened anyway.
    if (!isSystemError(error)) throw error;
  }
  truncateSync(file);
}

/** Its last bytes, from the start of a line if there is one among them. */
function endOf(file: string, maxBytes: number): Buffer {
  const { size } = statSync(file);
  const end = Buffer.alloc(Math.min(size, maxBytes));
  const descriptor = openSync(file, 'r');
  try {
    const read = end.subarray(0, readSync(descriptor, end, 0, end.length, size - end.length));
    return size > end.length ? read.subarray(read.indexOf('\n') + 1) : read;
  } finally {
    closeSync(descriptor);
  }
}
