import { isSameKey, type ReportKey } from './report-key.ts';

/** What decides the fate of an event: its key, and the hash of the report it belongs to. */
export interface JudgedEvent extends ReportKey {
  /** The first 16 bytes of the SHA-256 of the report's content. */
  readonly contentHash: Uint8Array;
  /** Of a decision: the version that it gives its aggregate. */
  readonly aggregateVersion?: number | undefined;
}

/**
 * What the log makes of an event: it is new, or the log has it, or the log has another one under its key.
 *
 * @param holder the event under the same key in the log before this one; undefined if there is none.
 */
export function fateOf(
  event: JudgedEvent,
  holder: JudgedEvent | undefined,
): 'new' | 'duplicate' | 'conflict' {
  if (holder === undefined) return 'new';
  // The id of a decision is that of its caller's request: what came first under it holds.
  if (isDecision(event)) return 'duplicate';
  return isSameContent(event.contentHash, holder.contentHash) ? 'duplicate' : 'conflict';
}

/**
 * Whether an event is the next part of the same report as the event before it in an envelope. All parts of a report are sent
 * together, so they have the same fate if the log has the report, also if it had other parts when it was judged before.
 */
export function isNextPart(event: JudgedEvent, before: JudgedEvent): boolean {
  return (
    event.part === before.part + 1 &&
    event.subject === before.subject &&
    event.observedAtMs === before.observedAtMs &&
    event.reportId === before.reportId &&
    isSameContent(event.contentHash, before.contentHash)
  );
}

/** Whether two events have one key. A report without a time may have the id of a decision: they are never the same event. */
export function isSameEvent(a: JudgedEvent, b: JudgedEvent): boolean {
  return isSameKey(a, b) && isDecision(a) === isDecision(b);
}

/** Whether two decisions give their aggregate the same version. */
export function isSameVersion(a: JudgedEvent, b: JudgedEvent): boolean {
  return isDecision(a) && a.subject === b.subject && a.aggregateVersion === b.aggregateVersion;
}

/** A version of an aggregate as a key: the log has one decision for each. No id of a decision has a space. */
export function versionKeyOf({ subject, aggregateVersion }: JudgedEvent): ReportKey | undefined {
  if (aggregateVersion === undefined) return undefined;
  return { subject, observedAtMs: 0, reportId: `version ${aggregateVersion}`, part: 0 };
}

function isDecision({ aggregateVersion }: JudgedEvent): boolean {
  return aggregateVersion !== undefined;
}

function isSameContent(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
