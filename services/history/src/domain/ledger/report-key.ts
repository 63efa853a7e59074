/** What identifies an event in the log: two events with one key are the same event, or a conflict. */
export interface ReportKey {
  readonly subject: string;
  /** Unix time in milliseconds, by the vehicle's clock; 0 if that could not be used. */
  readonly observedAtMs: number;
  readonly reportId: string;
  /** 0 for the report, 1 for the quarantined part of an accepted one, more for a conflict. */
  readonly part: number;
}

export function isSameKey(a: ReportKey, b: ReportKey): boolean {
  return (
    a.subject === b.subject &&
    a.observedAtMs === b.observedAtMs &&
    a.reportId === b.reportId &&
    a.part === b.part
  );
}

/**
 * A hash of 32 bits for the keys of one subject. It only says where to look: the event that is found there is compared
 * with the whole key. Never change it: stored ledgers have it.
 */
export function hashOf({ observedAtMs, reportId, part }: ReportKey): number {
  let hash = mix(0x811c9dc5, observedAtMs);
  for (let at = 0; at < reportId.length; at += 1)
    hash = Math.imul(hash ^ reportId.charCodeAt(at), 0x01000193);
  return mix(hash, part) >>> 0;
}

/** Adds a whole number of up to 53 bits. */
function mix(hash: number, value: number): number {
  const low = Math.imul(hash ^ value, 0x01000193);
  return Math.imul(low ^ Math.floor(value / 2 ** 32), 0x01000193);
}

const WINDOW_MS = 15 * 60 * 1_000;
/** Keys without a usable time have no window of time. They are spread, or one vehicle's window would grow without end. */
const TIMELESS_WINDOWS = 256;

/** The window in which the ledger keeps a key: a time of 15 minutes, or a negative number if the key has no time. */
export function windowOf(key: ReportKey): number {
  if (key.observedAtMs > 0) return Math.floor(key.observedAtMs / WINDOW_MS);
  return -1 - (hashOf(key) % TIMELESS_WINDOWS);
}
