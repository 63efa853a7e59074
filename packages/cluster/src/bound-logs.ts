import { copyFileSync, existsSync, statSync, truncateSync } from 'node:fs';
import { isSystemError } from '@odograph/engines/errno';

const MAX_LOG_BYTES = 64 * 1024 * 1024;
const CHECK_EVERY_MS = 30_000;

/**
 * Keeps logs that are open in other processes from filling the disk: a large log is copied to `<file>.1` and truncated.
 * The writers append, so they continue at the new end. @returns a function that ends this.
 */
export function boundLogs(files: Iterable<string>): () => void {
  const timer = setInterval(() => {
    for (const file of files) boundLog(file, MAX_LOG_BYTES);
  }, CHECK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

export function boundLog(file: string, maxBytes: number): void {
  if (!existsSync(file) || statSync(file).size <= maxBytes) return;
  try {
    copyFileSync(file, `${file}.1`);
  } catch (error) {
    // On a full disk the log is shortened anyway.
    if (!isSystemError(error)) throw error;
  }
  truncateSync(file);
}
