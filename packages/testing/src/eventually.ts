import { vi } from 'vitest';

const WITHIN_MS = 20_000;
const EVERY_MS = 20;

/** Waits until a check passes, looking again and again; fails with its last error when that takes far too long. */
export async function eventually<T>(check: () => T | Promise<T>, withinMs = WITHIN_MS): Promise<T> {
  return await vi.waitFor(check, { timeout: withinMs, interval: EVERY_MS });
}
