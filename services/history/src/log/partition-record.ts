import { Fault } from '@odograph/kernel/fault';
import type { Collection } from 'mongodb';

/** A partition's record: the watermark and the lease, in one document so that they change together. */
export interface PartitionDocument {
  readonly _id: number;
  /** How many partitions the log has; fixed when it is created. */
  readonly partition_count: number;
  /** The last envelope that is completely in the log; 0: none. */
  readonly watermark: number;
  /** When JetStream stored that envelope. A restored stream may have another envelope at the same sequence. */
  readonly watermark_stored_at?: Date;
  /** The owner that may append, its fencing token, and the end of the lease. */
  readonly lease: { readonly owner: string; readonly token: number; readonly until: Date };
  /** The stream that the log's sequences belong to. */
  readonly stream?: { readonly created_at_ms: number; readonly resumed_sequence: number };
}

/** The right to append to a partition. Its token is checked at every move of the watermark. */
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

/** Creates the records of a new log. Throws a Fault RULE_VIOLATED if the log has another partition count. */
export async function createPartitionRecords(
  partitions: Collection<PartitionDocument>,
  partitionCount: number,
): Promise<void> {
  for (let partition = 0; partition < partitionCount; partition += 1) {
    await partitions.updateOne(
      { _id: partition },
      {
        $setOnInsert: {
          partition_count: partitionCount,
          watermark: 0,
          lease: { owner: '', token: 0, until: NEVER },
        },
      },
      { upsert: true },
    );
  }
  const other = await partitions.findOne({ partition_count: { $ne: partitionCount } });
  if (other) {
    throw new Fault(
      'RULE_VIOLATED',
      `the log has ${other.partition_count} partitions, but ODO_PARTITIONS is ${partitionCount}: ` +
        `set ODO_PARTITIONS=${other.partition_count}`,
    );
  }
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

/**
 * Moves the watermark and checks the lease in one compare-and-set. If nothing matched but the record has our token and the
 * new value, it succeeded: the answer of an earlier attempt was lost. Throws a Fault VERSION_CONFLICT if the lease is lost.
 */
export async function moveWatermark(
  partitions: Collection<PartitionDocument>,
  { partition, token }: Lease,
  move: { readonly from: number; readonly to: number; readonly storedAtMs?: number; readonly ttlMs: number },
): Promise<void> {
  const { matchedCount } = await partitions.updateOne(
    { _id: partition, 'lease.token': token, watermark: move.from },
    [
      {
        $set: {
          watermark: move.to,
          watermark_stored_at: move.storedAtMs === undefined ? '$$REMOVE' : new Date(move.storedAtMs),
          'lease.until': untilAfter(move.ttlMs),
        },
      },
    ],
  );
  if (matchedCount === 1) return;
  const record = await readPartition(partitions, partition);
  if (record.lease.token === token && record.watermark === move.to) return;
  throw new Fault(
    'VERSION_CONFLICT',
    `the lease of partition ${partition} is lost: its owner is ${record.lease.owner}`,
  );
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
