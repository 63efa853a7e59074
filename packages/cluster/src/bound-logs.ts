import { copyFileSync, existsSync, statSync, truncateSync } from 'node:fs';

const MAX_LOG_BYTES = 64 * 1024 * 1024;
const LOOK_EVERY_MS = 30_000;

/**
 * Keeps logs from filling the disk while their writers hold them open: one that has grown large is copied to `<file>.1`
 * and emptied. Writers append, so they go on at the new end. @returns how to stop.
 */
export function boundLogs(files: Iterable<string>): () => void {
  const timer = setInterval(() => {
    for (const file of files) boundLog(file, MAX_LOG_BYTES);
  }, LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

export function boundLog(file: string, maxBytes: number): void {
  if (!existsSync(file) || statSync(file).size <= maxBytes) return;
  copyFileSync(file, `${file}.1`);
  truncateSync(file);
}
