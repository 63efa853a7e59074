import { vi } from 'vitest';

const WITHIN_MS = 20_000;
const EVERY_MS = 20;

/** Repeats a check until it passes. Fails with the last error of the check after the deadline. */
export async function eventually<T>(check: () => T | Promise<T>, withinMs = WITHIN_MS): Promise<T> {
  return await vi.waitFor(check, { timeout: withinMs, interval: EVERY_MS });
}
