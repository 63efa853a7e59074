import type { Binary } from 'mongodb';
import { Entries } from '../domain/ledger/entries.ts';
import type { KnownTimes } from '../domain/ledger/known-times.ts';

/** Subject and window. The times of a subject have the window {@link TIMES}. */
interface LedgerKey {
  readonly v: string;
  readonly w: number;
}

export const TIMES = Number.MIN_SAFE_INTEGER;

/** The keys of a subject's events in one window, or the times of a subject. */
export interface LedgerDocument {
  readonly _id: LedgerKey;
  /** It has every event up to this sequence, inclusive, and perhaps later ones. */
  readonly through: number;
  /** The packed entries of each flush. */
  readonly entries?: readonly Binary[];
  readonly times?: TimesDocument;
}

interface TimesDocument {
  readonly newest: number;
  readonly ahead: readonly number[];
  /** Absent: all times ahead are known. */
  readonly unknown_from?: number;
}

/** Up to which sequence the ledger of a partition is stored. */
export interface LedgerCheckpointDocument {
  readonly _id: number;
  readonly sequence: number;
}

/** All entries of a window, in the order of the flushes. */
export function entriesOf({ entries = [] }: LedgerDocument): Entries {
  return new Entries(Buffer.concat(entries.map(({ buffer, position }) => buffer.subarray(0, position))));
}

export function toTimes({ newestMs, aheadMs, unknownFromMs }: KnownTimes): TimesDocument {
  return {
    newest: newestMs,
    ahead: aheadMs,
    ...(unknownFromMs !== Infinity && { unknown_from: unknownFromMs }),
  };
}

export function fromTimes({ newest, ahead, unknown_from = Infinity }: TimesDocument): KnownTimes {
  return { newestMs: newest, aheadMs: ahead, unknownFromMs: unknown_from };
}
