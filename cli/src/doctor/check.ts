/** What was looked at, how it fares, and what would help. */
export interface Check {
  /** What was looked at, in a word or two. */
  readonly check: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** The way out; absent where all is well. */
  readonly remedy?: string;
}

export function ok(check: string, message: string): Check {
  return { check, status: 'ok', message };
}

/** It works, but not for long or not for everything. */
export function warn(check: string, message: string, remedy: string): Check {
  return { check, status: 'warn', message, remedy };
}

export function fail(check: string, message: string, remedy: string): Check {
  return { check, status: 'fail', message, remedy };
}
