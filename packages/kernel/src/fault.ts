import type { Finding } from './finding.ts';

/** Why something could not be done, by what the caller can do about it. Each maps to one gRPC and one HTTP status. */
export type FaultCode =
  /** The request is wrong: mend it, do not retry. */
  | 'INVALID_INPUT'
  | 'NOT_FOUND'
  /** The state forbids it: read again first. */
  | 'RULE_VIOLATED'
  /** Another decision was faster: decide again. */
  | 'VERSION_CONFLICT'
  /** A limit or a full buffer: wait, then retry. */
  | 'OVERLOADED'
  /** A message over a size limit: it will never pass as it is. */
  | 'TOO_LARGE'
  /** Something this process needs is away, or it is shutting down: retry. */
  | 'UNAVAILABLE'
  | 'DEADLINE'
  | 'CANCELLED'
  /** The log holds what cannot be right: page a person. */
  | 'CORRUPT_LOG'
  /** A programming error, or something nobody foresaw. */
  | 'INTERNAL';

export interface FaultDetails {
  /** The fields of the request that are wrong. */
  readonly violations?: readonly Finding[] | undefined;
  /** When a retry may help, in milliseconds from now. */
  readonly retryAfterMs?: number | undefined;
  /** The limit that was reached, in words, such as `20000 reports/s a client`. */
  readonly limit?: string | undefined;
  readonly cause?: unknown;
}

/** Shared with the Fault of the client package, so that {@link isFault} recognizes both. */
const BRAND = Symbol.for('odograph.fault');

/** The one error that infrastructure throws on purpose; protocols convert it at their edge only. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly violations: readonly Finding[];
  readonly retryAfterMs: number | undefined;
  readonly limit: string | undefined;

  static {
    Object.defineProperty(Fault.prototype, BRAND, { value: true });
  }

  constructor(code: FaultCode, message: string, details: FaultDetails = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.name = 'Fault';
    this.code = code;
    this.violations = details.violations ?? [];
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

/** Fails loudly when what must hold does not. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Fault('INTERNAL', `invariant broken: ${message}`);
}
