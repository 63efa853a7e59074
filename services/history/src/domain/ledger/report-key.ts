import { type HashSecret, halfSipHash } from './half-sip-hash.ts';

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

/** A hash of 32 bits for the keys of one subject. */
export type KeyHash = (key: ReportKey) => number;

/** Time and part, 8 bytes each. */
const NUMBER_BYTES = 16;

/**
 * Hashes keys with the secret of a ledger. A hash only says where to look: the event that is found there is compared with
 * the whole key. Never change it: stored ledgers have it.
 */
export function createKeyHash(secret: HashSecret): KeyHash {
  let { bytes, text } = scratch(512);
  return ({ observedAtMs, reportId, part }) => {
    if (reportId.length * MAX_UTF8_BYTES > text.length)
      ({ bytes, text } = scratch(reportId.length * MAX_UTF8_BYTES));
    bytes.setFloat64(0, observedAtMs, true);
    bytes.setFloat64(8, part, true);
    const { written } = utf8.encodeInto(reportId, text);
    return halfSipHash(bytes, NUMBER_BYTES + written, secret);
  };
}

const utf8 = new TextEncoder();
/** Of a UTF-16 code unit. */
const MAX_UTF8_BYTES = 3;

function scratch(textBytes: number) {
  const { buffer } = new Uint8Array(NUMBER_BYTES + textBytes);
  return { bytes: new DataView(buffer), text: new Uint8Array(buffer, NUMBER_BYTES) };
}

const WINDOW_MS = 15 * 60 * 1_000;
/** The window of all keys without a usable time. */
const TIMELESS_WINDOW = -1;

/** The window in which the ledger keeps a key: 15 minutes of its time. */
export function windowOf({ observedAtMs }: ReportKey): number {
  return observedAtMs > 0 ? Math.floor(observedAtMs / WINDOW_MS) : TIMELESS_WINDOW;
}
