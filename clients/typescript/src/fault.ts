/** One field that is wrong. */
export interface Finding {
  /** Path of the field, such as `reports[3].samples[0].signals.speed_kmh`; empty for the whole request. */
  readonly field: string;
  /** Upper snake case, stable for programs. */
  readonly reason: string;
  /** What is wrong with the field, in English. */
  readonly description: string;
}

/** Why a call failed, by what the caller can do about it. */
const FAULT_CODES = [
  /** The request is wrong: correct it, do not retry. */
  'INVALID_INPUT',
  'NOT_FOUND',
  /** The state does not allow it: read again first. */
  'RULE_VIOLATED',
  /** Another decision came first: decide again. */
  'VERSION_CONFLICT',
  /** A limit or a full buffer: wait, then retry. */
  'OVERLOADED',
  /** A message is over a size limit: split it. */
  'TOO_LARGE',
  /** The position is after the end of the log, which was restored: begin again from a position that it has. */
  'OUT_OF_RANGE',
  /** The server, or something it needs, is away: retry. */
  'UNAVAILABLE',
  'DEADLINE',
  /** The caller's own signal or `close()` ended the call. */
  'CANCELLED',
  /** The log contains something invalid: an operator must look at it. */
  'CORRUPT_LOG',
  /** A programming error, on either side. */
  'INTERNAL',
] as const;
export type FaultCode = (typeof FAULT_CODES)[number];

export function isFaultCode(text: string): text is FaultCode {
  return (FAULT_CODES as readonly string[]).includes(text);
}

export interface FaultDetails {
  /** The fields of the request that are wrong. */
  readonly findings?: readonly Finding[] | undefined;
  /** When a retry may help, in milliseconds from now. */
  readonly retryAfterMs?: number | undefined;
  /** The limit that was reached, such as `20000 reports/s a client`. */
  readonly limit?: string | undefined;
  readonly cause?: unknown;
}

/** Shared with the platform's own Fault, so that `isFault` of either package recognizes both. */
const BRAND = Symbol.for('odograph.fault');

/** The error that every function of this package throws. */
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

function hasBrand(error: unknown): error is Fault {
  return error instanceof Error && BRAND in error;
}
