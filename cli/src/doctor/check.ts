/** One check, its result, and what to do about it. */
export interface Check {
  /** What was checked, in a word or two. */
  readonly check: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** What to do; absent if the check is ok. */
  readonly remedy?: string;
}

export function ok(check: string, message: string): Check {
  return { check, status: 'ok', message };
}

/** It works now, but may soon fail, or a part of it does not work. */
export function warn(check: string, message: string, remedy: string): Check {
  return { check, status: 'warn', message, remedy };
}

export function fail(check: string, message: string, remedy: string): Check {
  return { check, status: 'fail', message, remedy };
}
