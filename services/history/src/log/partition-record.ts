import { DEFAULT_PARTITIONS } from '@odograph/kernel/defaults';
import { Fault } from '@odograph/kernel/fault';
import type { Collection } from 'mongodb';

/** A partition's record: who owns it, and which stream its sequences belong to. */
export interface PartitionDocument {
  readonly _id: number;
  /** How many partitions the log has; fixed when it is created. */
  readonly partition_count: number;
  /** The owner that appends, a token that each owner raises, and the end of the lease. */
  readonly lease: { readonly owner: string; readonly token: number; readonly until: Date };
  /** The stream that the log's sequences belong to. */
  readonly stream?: { readonly created_at_ms: number; readonly resumed_sequence: number };
  /** Messages of the stream that an operator has set aside, because only a newer program knows their form. */
  readonly set_aside?: readonly SetAside[];
}

/** A message of a stream: its sequence, and when the stream stored it. */
export interface SetAside {
  readonly s: number;
  readonly stored_at: Date;
}

/** The ownership of a partition. Its token is checked at every change of the record. */
export interface Lease {
  readonly partition: number;
  readonly token: number;
  readonly record: PartitionDocument;
}

const NEVER = new Date(0);

const hasExpired = { $lt: ['$lease.until', '$$NOW'] };
const isBeyond = (ttlMs: number) => ({ $gt: ['$lease.until', untilAfter(ttlMs)] });

/** MongoDB's own time decides who holds a lease, so the clocks of the processes do not matter. */
const untilAfter = (ttlMs: number) => ({
  $dateAdd: { startDate: '$$NOW', unit: 'millisecond', amount: ttlMs },
});

/**
 * Creates the records of a new log. The first record fixes the partition count.
 * @param wanted the partition count; 0: what the log has, or the default for a new one.
 * @returns the partition count.
 * @throws Fault RULE_VIOLATED if the log has another partition count; it is left as it is.
 */
export async function createPartitionRecords(
  partitions: Collection<PartitionDocument>,
  wanted: number,
): Promise<number> {
  const first = await ensureRecord(partitions, 0, wanted || DEFAULT_PARTITIONS);
  const count = first.partition_count;
  if (wanted !== 0 && wanted !== count)
    throw new Fault(
      'RULE_VIOLATED',
      `the log has ${count} partitions for good, not ${wanted}: leave out --partitions and ODO_PARTITIONS, or use another data directory`,
    );
  for (let partition = 1; partition < count; partition += 1) await ensureRecord(partitions, partition, count);
  return count;
}

/** The record of a partition, created if it is missing. */
async function ensureRecord(
  partitions: Collection<PartitionDocument>,
  partition: number,
  count: number,
): Promise<PartitionDocument> {
  const lease = { owner: '', token: 0, until: NEVER };
  const record = await partitions.findOneAndUpdate(
    { _id: partition },
    { $setOnInsert: { partition_count: count, lease } },
    { upsert: true, returnDocument: 'after' },
  );
  return record as PartitionDocument;
}

export async function readPartition(
  partitions: Collection<PartitionDocument>,
  partition: number,
): Promise<PartitionDocument> {
  const record = await partitions.findOne({ _id: partition });
  if (!record) throw new Fault('CORRUPT_LOG', `the record of partition ${partition} is missing`);
  return record;
}

/**
 * Acquires the lease if it is free or has expired; undefined if another process holds it. A lease that ends more than twice
 * its TTL from now was issued before MongoDB's clock was set back; a live owner would have renewed it, so it counts as free.
 */
export async function acquireLease(
  partitions: Collection<PartitionDocument>,
  partition: number,
  owner: string,
  ttlMs: number,
): Promise<Lease | undefined> {
  const record = await partitions.findOneAndUpdate(
    { _id: partition, $expr: { $or: [hasExpired, isBeyond(2 * ttlMs)] } },
    [{ $set: { lease: { owner, token: { $add: ['$lease.token', 1] }, until: untilAfter(ttlMs) } } }],
    { returnDocument: 'after' },
  );
  return record ? { partition, token: record.lease.token, record } : undefined;
}

/** Extends the lease. False if it is lost. */
export async function renewLease(
  partitions: Collection<PartitionDocument>,
  { partition, token }: Lease,
  ttlMs: number,
): Promise<boolean> {
  const { matchedCount } = await partitions.updateOne({ _id: partition, 'lease.token': token }, [
    { $set: { 'lease.until': untilAfter(ttlMs) } },
  ]);
  return matchedCount === 1;
}

/** Ends the lease now, so that the next owner does not wait until it expires. */
export async function releaseLease(
  partitions: Collection<PartitionDocument>,
  { partition, token }: Lease,
): Promise<void> {
  await partitions.updateOne({ _id: partition, 'lease.token': token }, { $set: { 'lease.until': NEVER } });
}

/** Records that the log continues without a message. The next session of the writer reads it. */
export async function recordSetAside(
  partitions: Collection<PartitionDocument>,
  partition: number,
  message: SetAside,
): Promise<void> {
  await partitions.updateOne({ _id: partition }, { $addToSet: { set_aside: message } });
}

/** Records the stream that the log's sequences belong to from now on. Throws a Fault VERSION_CONFLICT if the lease is lost. */
export async function recordStream(
  partitions: Collection<PartitionDocument>,
  { partition, token }: Lease,
  stream: NonNullable<PartitionDocument['stream']>,
): Promise<void> {
  const { matchedCount } = await partitions.updateOne(
    { _id: partition, 'lease.token': token },
    { $set: { stream } },
  );
  if (matchedCount !== 1)
    throw new Fault(
      'VERSION_CONFLICT',
      `the lease of partition ${partition} is lost: another process has it`,
    );
}
