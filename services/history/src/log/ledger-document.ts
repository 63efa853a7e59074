import { Fault } from '@odograph/kernel/fault';
import type { Binary } from 'mongodb';
import type { BucketName } from '../domain/ledger/bucket.ts';
import { Entries } from '../domain/ledger/entries.ts';
import type { HashSecret } from '../domain/ledger/half-sip-hash.ts';
import type { KnownTimes } from '../domain/ledger/known-times.ts';

/** Subject, window and prefix of a bucket. The times of a subject have the window {@link TIMES}. */
interface LedgerKey {
  readonly v: string;
  readonly w: number;
  readonly h: string;
}

const TIMES = Number.MIN_SAFE_INTEGER;

/** The keys of a subject's events in one bucket, or the times of a subject. */
export interface LedgerDocument {
  readonly _id: LedgerKey;
  /** The last flush, by its sequence, that added to it. It has nothing of later events. */
  readonly through: number;
  /** The packed entries of each flush. */
  readonly entries?: readonly Binary[];
  /** How many entries it has. */
  readonly count?: number;
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
  /** The secret of its hashes, made when the log begins and never changed: 8 bytes. */
  readonly secret: Binary;
}

export const bucketKey = ({ subject: v, window: w, prefix: h }: BucketName): LedgerKey => ({ v, w, h });
export const timesKey = (subject: string): LedgerKey => ({ v: subject, w: TIMES, h: '' });

export function bucketNameOf({ _id: { v, w, h } }: Pick<LedgerDocument, '_id'>): BucketName {
  return { subject: v, window: w, prefix: h };
}

/** All entries of a bucket, in the order of the flushes. */
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

export const SECRET_BYTES = 8;

/** Throws a Fault CORRUPT_LOG, with the way out, if the document has no secret. */
export function secretOf({ _id, secret }: LedgerCheckpointDocument): HashSecret {
  const bytes = Buffer.from((secret as Binary | undefined)?.buffer ?? []);
  if (bytes.length !== SECRET_BYTES) {
    const message =
      `the stored ledger of partition ${_id} has no secret: delete the collections ledger and ledger_checkpoints ` +
      'while history is stopped, then it is made again from the log';
    throw new Fault('CORRUPT_LOG', message);
  }
  return [bytes.readInt32LE(0), bytes.readInt32LE(4)];
}
