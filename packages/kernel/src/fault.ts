import type { Finding } from './finding.ts';

/** The kind of failure, by what the caller can do about it. Each code maps to one gRPC and one HTTP status. */
export type FaultCode =
  /** The request is wrong: correct it, do not retry. */
  | 'INVALID_INPUT'
  | 'NOT_FOUND'
  /** The current state does not allow it: read the state again first. */
  | 'RULE_VIOLATED'
  /** Another decision was made in the meantime: decide again. */
  | 'VERSION_CONFLICT'
  /** A rate limit is reached or a buffer is full: wait, then retry. */
  | 'OVERLOADED'
  /** The message is larger than a limit: split it, do not retry. */
  | 'TOO_LARGE'
  /** The position is after the end of the log, which was restored: begin again from a position that it has. */
  | 'OUT_OF_RANGE'
  /** A service that this process needs is down, or this process is shutting down: retry. */
  | 'UNAVAILABLE'
  | 'DEADLINE'
  | 'CANCELLED'
  /** The log has data that cannot be right: an operator must look. */
  | 'CORRUPT_LOG'
  /** A programming error, or an error that was not expected. */
  | 'INTERNAL';

export interface FaultDetails {
  /** What is wrong with the fields of the request. */
  readonly findings?: readonly Finding[] | undefined;
  /** When a retry may help, in milliseconds from now. */
  readonly retryAfterMs?: number | undefined;
  /** The limit that was reached, such as `20000 reports/s a client`. */
  readonly limit?: string | undefined;
  readonly cause?: unknown;
}

/** Shared with the Fault of the client package, so that {@link isFault} recognizes both. */
const BRAND = Symbol.for('odograph.fault');

/** The only error that our code throws on purpose. Each protocol converts it in one place. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly findings: readonly Finding[];
  readonly retryAfterMs: number | undefined;
  readonly limit: string | undefined;

  static {
    Object.defineProperty(Fault.prototype, BRAND, { value: true });
  }

  constructor(code: FaultCode, message: string, details: FaultDetails = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.name = 'Fault';
    this.code = code;
    this.findings = details.findings ?? [];
    this.retryAfterMs = details.retryAfterMs;
    this.limit = details.limit;
  }
}

/** Whether an error is a {@link Fault}, and has one of the given codes if any are given. */
export function isFault(error: unknown, ...codes: readonly FaultCode[]): error is Fault {
  return hasBrand(error) && (codes.length === 0 || codes.includes(error.code));
}

/** What no retry ends: a person must first change the input, the state or the data. */
const FINAL_CODES = ['INVALID_INPUT', 'RULE_VIOLATED', 'CORRUPT_LOG'] as const;
export type FinalCode = (typeof FINAL_CODES)[number];

/** Whether an error is a {@link Fault} that comes again at every retry. */
export function isFinal(error: unknown): error is Fault & { readonly code: FinalCode } {
  return isFault(error, ...FINAL_CODES);
}

function hasBrand(error: unknown): error is Fault {
  return error instanceof Error && BRAND in error;
}

/** Throws a Fault INTERNAL if the condition is false. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Fault('INTERNAL', `invariant broken: ${message}`);
}
