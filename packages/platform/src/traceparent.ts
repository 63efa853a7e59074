import { randomBytes } from 'node:crypto';

const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const SAMPLED = 0x01;

/** Where a call stands in its trace (W3C Trace Context, level 2). */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** The caller's span: 16 lower-case hexadecimal digits, not all zero. */
  readonly parentId: string;
  readonly isSampled: boolean;
}

/** Reads a `traceparent` header; undefined when it is malformed, which the standard says to treat as absent. */
export function parseTraceparent(text: string): TraceContext | undefined {
  const [, version, traceId, parentId, flags, rest] = FORM.exec(text) ?? [];
  if (version === undefined || traceId === undefined || parentId === undefined) return undefined;
  const isKnownVersion = version === '00' ? rest === undefined : version !== 'ff';
  if (!isKnownVersion || /^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined;
  return { traceId, parentId, isSampled: (Number.parseInt(flags ?? '0', 16) & SAMPLED) !== 0 };
}

/** The header of a trace context, in version 00. */
export function formatTraceparent({ traceId, parentId, isSampled }: TraceContext): string {
  return `00-${traceId}-${parentId}-${isSampled ? '01' : '00'}`;
}

/** A new trace. */
export function newTrace(isSampled = false): TraceContext {
  return { traceId: randomBytes(16).toString('hex'), parentId: randomBytes(8).toString('hex'), isSampled };
}
