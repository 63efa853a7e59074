import { Fault } from '@odograph/kernel/fault';
import { type AnyBulkWriteOperation, Binary, type Filter, MongoBulkWriteError } from 'mongodb';
import { Entries } from '../domain/ledger/entries.ts';
import type { KnownTimes } from '../domain/ledger/known-times.ts';
import type { SubjectChange } from '../domain/ledger/ledger-memory.ts';
import type { LogCollections } from './collections.ts';
import { entriesOf, fromTimes, type LedgerDocument, TIMES, toTimes } from './ledger-document.ts';

/** A subject and a window of it. */
export interface WindowName {
  readonly subject: string;
  readonly window: number;
}

/** The stored ledger: which keys the log has, and where. Only the owner of a partition writes it. */
export interface LedgerStore {
  checkpoint(partition: number): Promise<number>;
  /** The stored times of subjects. Subjects without any are left out. */
  timesOf(subjects: readonly string[]): Promise<ReadonlyMap<string, KnownTimes>>;
  /** The stored entries of windows, in the order of the request. */
  windows(names: readonly WindowName[]): Promise<readonly Entries[]>;
  /** The sequences of the envelopes with events of a subject between two sequences, inclusive, in order. */
  sequencesOf(subject: string, from: number, through: number): Promise<readonly number[]>;
  /** Stores changes, and then moves the checkpoint. Throws a Fault VERSION_CONFLICT if it is not at `from` any more. */
  save(
    partition: number,
    changes: readonly SubjectChange[],
    move: { from: number; to: number },
  ): Promise<void>;
}

/** Operations in one command. */
const OPERATIONS_AT_ONCE = 500;
const DUPLICATE_KEY = 11000;

export function createLedgerStore({
  ledger,
  ledgerCheckpoints,
}: Pick<LogCollections, 'ledger' | 'ledgerCheckpoints'>): LedgerStore {
  async function write(operations: readonly AnyBulkWriteOperation<LedgerDocument>[]): Promise<void> {
    try {
      await ledger.bulkWrite(operations, { ordered: false });
    } catch (error) {
      if (!isOnlyInTheWay(error)) throw error;
    }
  }

  return {
    async checkpoint(partition) {
      return (await ledgerCheckpoints.findOne({ _id: partition }))?.sequence ?? 0;
    },

    async timesOf(subjects) {
      const _id = { $in: subjects.map((v) => ({ v, w: TIMES })) };
      const found = await ledger.find({ _id }).toArray();
      return new Map(found.flatMap(({ _id: { v }, times }) => (times ? [[v, fromTimes(times)]] : [])));
    },

    async windows(names) {
      if (names.length === 0) return [];
      const _id = { $in: names.map(({ subject: v, window: w }) => ({ v, w })) };
      const found = await ledger.find({ _id }).toArray();
      const byName = new Map(
        found.map((document) => [`${document._id.v}\n${document._id.w}`, entriesOf(document)]),
      );
      return names.map(({ subject, window }) => byName.get(`${subject}\n${window}`) ?? new Entries());
    },

    async sequencesOf(subject, from, through) {
      const windows: Filter<LedgerDocument> = {
        _id: { $gt: { v: subject, w: TIMES }, $lte: { v: subject, w: Number.MAX_SAFE_INTEGER } },
        through: { $gte: from },
      };
      const sequences = new Set<number>();
      for await (const document of ledger.find(windows)) {
        for (const { sequence } of entriesOf(document).places())
          if (sequence >= from && sequence <= through) sequences.add(sequence);
      }
      return [...sequences].sort((a, b) => a - b);
    },

    async save(partition, changes, { from, to }) {
      const operations = changes.flatMap((change) => operationsOf(change, to));
      for (let at = 0; at < operations.length; at += OPERATIONS_AT_ONCE)
        await write(operations.slice(at, at + OPERATIONS_AT_ONCE));
      if (from === 0)
        await ledgerCheckpoints.updateOne(
          { _id: partition },
          { $setOnInsert: { sequence: 0 } },
          { upsert: true },
        );
      const { matchedCount } = await ledgerCheckpoints.updateOne(
        { _id: partition, sequence: from },
        { $set: { sequence: to } },
      );
      if (matchedCount === 1) return;
      const now = await ledgerCheckpoints.findOne({ _id: partition });
      if (now?.sequence === to) return;
      const message = `the ledger of partition ${partition} is at ${now?.sequence}, not at ${from}: another owner moved it`;
      throw new Fault('VERSION_CONFLICT', message);
    },
  };
}

/**
 * Whether every failed upsert found its document in its way: that one includes a later flush already. A lost connection has the
 * same class of error, without any failed upsert.
 */
function isOnlyInTheWay(error: unknown): boolean {
  if (!(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError()) return false;
  const failed = [error.writeErrors].flat();
  return failed.length > 0 && failed.every(({ code }) => code === DUPLICATE_KEY);
}

/** Each operation changes nothing if its document includes this flush already. */
function operationsOf(
  { subject: v, times, windows }: SubjectChange,
  through: number,
): AnyBulkWriteOperation<LedgerDocument>[] {
  const upsert = (w: number, update: object): AnyBulkWriteOperation<LedgerDocument> => ({
    updateOne: { filter: { _id: { v, w }, through: { $lt: through } }, update, upsert: true },
  });
  return [
    ...windows.map(({ window, entries }) =>
      upsert(window, { $set: { through }, $push: { entries: new Binary(entries.bytes) } }),
    ),
    upsert(TIMES, { $set: { through, times: toTimes(times) } }),
  ];
}
