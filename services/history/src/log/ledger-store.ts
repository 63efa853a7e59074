import { randomBytes } from 'node:crypto';
import { Fault } from '@odograph/kernel/fault';
import type { WorkTurn } from '@odograph/platform/work-turn';
import { type AnyBulkWriteOperation, Binary, type Filter } from 'mongodb';
import {
  type BucketName,
  capacityOf,
  firstBucket,
  isFull,
  nextBucket,
  textOf,
} from '../domain/ledger/bucket.ts';
import { Entries } from '../domain/ledger/entries.ts';
import type { HashSecret } from '../domain/ledger/half-sip-hash.ts';
import type { KnownTimes } from '../domain/ledger/known-times.ts';
import { LeastNumbers } from '../domain/ledger/least-numbers.ts';
import type { SubjectChange } from '../domain/ledger/ledger-memory.ts';
import type { LogCollections } from './collections.ts';
import { inTheWayOf } from './duplicate-key.ts';
import {
  bucketKey,
  bucketNameOf,
  entriesOf,
  fromTimes,
  type LedgerDocument,
  SECRET_BYTES,
  secretOf,
  timesKey,
  toTimes,
} from './ledger-document.ts';

/** A stored bucket. Once it is full, there may be more keys in the next ones. */
export interface StoredBucket {
  readonly entries: Entries;
  readonly isFull: boolean;
}

/** Where the stored ledger of a partition ends, and the secret of its hashes. */
interface StoredEnd {
  readonly sequence: number;
  readonly secret: HashSecret;
}

/** The stored ledger: which keys the log has, and where. Only the owner of a partition writes it. */
export interface LedgerStore {
  /** The end of the stored ledger. The first owner begins it, with a new secret. */
  begin(partition: number): Promise<StoredEnd>;
  /** The sequence up to which the ledger is stored. */
  checkpoint(partition: number): Promise<number>;
  /**
   * The stored times of subjects. Subjects without any are left out.
   * @param head the end of the log. Times of a later moment, of another backup than the log, do not stay in the way of new ones.
   */
  timesOf(subjects: readonly string[], head: number): Promise<ReadonlyMap<string, KnownTimes>>;
  /** The stored buckets with these names, in the order of the request. */
  buckets(names: readonly BucketName[]): Promise<readonly StoredBucket[]>;
  /**
   * The sequences of the envelopes with events of a subject between two sequences, inclusive, in order: the first
   * {@link SEQUENCES_AT_ONCE} if there are more, because a subject may have millions.
   */
  sequencesOf(subject: string, from: number, through: number, turn: WorkTurn): Promise<readonly number[]>;
  /** Stores changes, and then moves the checkpoint. Throws a Fault VERSION_CONFLICT if it is not at `from` any more. */
  save(
    partition: number,
    changes: readonly SubjectChange[],
    move: { from: number; to: number },
  ): Promise<void>;
}

/** Operations in one command. */
const OPERATIONS_AT_ONCE = 500;
/** Sequences of a subject in one answer. */
export const SEQUENCES_AT_ONCE = 16_384;
/** Buckets in one answer of MongoDB: at most 4 MiB. */
const BUCKETS_AT_ONCE = 16;

export function createLedgerStore({
  ledger,
  ledgerCheckpoints,
}: Pick<LogCollections, 'ledger' | 'ledgerCheckpoints'>): LedgerStore {
  return {
    async begin(partition) {
      const secret = new Binary(randomBytes(SECRET_BYTES));
      const filter = { _id: partition };
      await ledgerCheckpoints.updateOne(filter, { $setOnInsert: { sequence: 0, secret } }, { upsert: true });
      const end = await ledgerCheckpoints.findOne(filter);
      if (!end) throw new Fault('CORRUPT_LOG', `the end of the ledger of partition ${partition} is missing`);
      return { sequence: end.sequence, secret: secretOf(end) };
    },

    async checkpoint(partition) {
      return (await ledgerCheckpoints.findOne({ _id: partition }))?.sequence ?? 0;
    },

    async timesOf(subjects, head) {
      const _id = { $in: subjects.map(timesKey) };
      const found = await ledger.find({ _id }).toArray();
      if (found.some(({ through }) => through > head))
        await ledger.updateMany({ _id, through: { $gt: head } }, { $set: { through: head } });
      return new Map(found.flatMap(({ _id: { v }, times }) => (times ? [[v, fromTimes(times)]] : [])));
    },

    async buckets(names) {
      const found = await ledger.find({ _id: { $in: names.map(bucketKey) } }).toArray();
      const byName = new Map(found.map((document) => [textOf(bucketNameOf(document)), entriesOf(document)]));
      return names.map((bucket) => {
        const entries = byName.get(textOf(bucket)) ?? new Entries();
        return { entries, isFull: isFull(bucket, entries.count) };
      });
    },

    async sequencesOf(subject, from, through, turn) {
      const buckets: Filter<LedgerDocument> = {
        _id: { $gt: timesKey(subject), $lte: { v: subject, w: Number.MAX_SAFE_INTEGER, h: '' } },
        through: { $gte: from },
      };
      const first = new LeastNumbers(SEQUENCES_AT_ONCE);
      for await (const document of ledger.find(buckets, { batchSize: BUCKETS_AT_ONCE })) {
        turn.throwIfAborted();
        const entries = entriesOf(document);
        if (turn.isOver(entries.bytes.length)) await turn.next();
        for (const { sequence } of entries.places())
          if (sequence >= from && sequence <= through) first.add(sequence);
      }
      return first.all();
    },

    async save(partition, changes, { from, to }) {
      await addToBuckets(ledger, additionsOf(changes), to);
      await saveTimes(ledger, changes, to);
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

type Ledger = LogCollections['ledger'];

/** Writes what can be written. Gives the numbers of the upserts that found their document in the way. */
async function write(
  ledger: Ledger,
  operations: readonly AnyBulkWriteOperation<LedgerDocument>[],
): Promise<readonly number[]> {
  return operations.length === 0 ? [] : await inTheWayOf(ledger.bulkWrite(operations, { ordered: false }));
}

/** An entry may be added twice, after a crash or by a former owner: that changes nothing. */
async function addToBuckets(ledger: Ledger, additions: Iterable<Addition>, through: number): Promise<void> {
  for (const some of inGroups(additions)) {
    const failed = await write(
      ledger,
      some.map((addition) => operationOf(addition, through)),
    );
    if (failed.length === 0) continue;
    const left = failed.flatMap((at) => some[at] ?? []);
    await addToBuckets(ledger, await forNextBuckets(ledger, left), through);
  }
}

/** What could not be added: it belongs to the next buckets, unless another owner has made its bucket just now. */
async function forNextBuckets(ledger: Ledger, additions: readonly Addition[]): Promise<readonly Addition[]> {
  const filter = { _id: { $in: additions.map(({ bucket }) => bucketKey(bucket)) } };
  const found = await ledger.find(filter, { projection: { count: 1 } }).toArray();
  const full = new Set(
    found
      .map((each) => [bucketNameOf(each), each.count ?? 0] as const)
      .filter(([bucket, count]) => isFull(bucket, count))
      .map(([bucket]) => textOf(bucket)),
  );
  return additions.flatMap((addition) =>
    full.has(textOf(addition.bucket)) ? divided(addition) : [addition],
  );
}

async function saveTimes(ledger: Ledger, changes: readonly SubjectChange[], through: number): Promise<void> {
  for (const some of inGroups(changes)) {
    const operations = some.map(({ subject, times }) => ({
      updateOne: {
        // If another owner has stored later times, they include these.
        filter: { _id: timesKey(subject), through: { $lt: through } },
        update: { $set: { through, times: toTimes(times) } },
        upsert: true,
      },
    }));
    const failed = await write(ledger, operations);
    // Another owner may have made the document just now, with times that do not include these.
    const again = failed.flatMap((at) => operations[at]?.updateOne ?? []);
    await write(
      ledger,
      again.map((updateOne) => ({ updateOne: { ...updateOne, upsert: false } })),
    );
  }
}

/** Entries for a bucket. */
interface Addition {
  readonly bucket: BucketName;
  readonly entries: Entries;
}

/** Made when they are taken: there may be hundreds of thousands. */
function* additionsOf(changes: readonly SubjectChange[]): Generator<Addition, void> {
  for (const { subject, windows } of changes)
    for (const { window, entries } of windows) yield { bucket: firstBucket(subject, window), entries };
}

/** The same entries for the buckets after a full one. */
function divided({ bucket, entries }: Addition): readonly Addition[] {
  const { subject, window } = bucket;
  const byPrefix = entries.groupBy((hash) => nextBucket(bucket, hash).prefix);
  return Array.from(byPrefix, ([prefix, some]) => ({ bucket: { subject, window, prefix }, entries: some }));
}

/** Creates the bucket, or adds to it unless it is full. */
function operationOf({ bucket, entries }: Addition, through: number): AnyBulkWriteOperation<LedgerDocument> {
  return {
    updateOne: {
      filter: { _id: bucketKey(bucket), count: { $lt: capacityOf(bucket) } },
      update: {
        $max: { through },
        $inc: { count: entries.count },
        $push: { entries: new Binary(entries.bytes) },
      },
      upsert: true,
    },
  };
}

function* inGroups<T>(all: Iterable<T>): Generator<readonly T[], void> {
  let group: T[] = [];
  for (const each of all) {
    group.push(each);
    if (group.length < OPERATIONS_AT_ONCE) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
