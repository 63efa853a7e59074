import { Fault } from '@odograph/kernel/fault';
import type { Collection } from 'mongodb';

/** A partition's record: how far the log has come, and who may move it. One document, so that both change as one. */
export interface PartitionDocument {
  readonly _id: number;
  /** How many partitions the log has; fixed when it is created. */
  readonly partition_count: number;
  /** The last envelope that is whole in the log; 0: none. */
  readonly watermark: number;
  /** When JetStream stored that envelope: tells it from another that has its sequence in a restored stream. */
  readonly watermark_stored_at?: Date;
  /** Who appends, by fencing token, until when. */
  readonly lease: { readonly owner: string; readonly token: number; readonly until: Date };
  /** The stream whose sequences the log knows. */
  readonly stream?: { readonly created_at_ms: number; readonly resumed_sequence: number };
}

/** The right to append to a partition, proved by its token at every move of the watermark. */
export interface Lease {
  readonly partition: number;
  readonly token: number;
  readonly record: PartitionDocument;
}

const NEVER = new Date(0);

const hasRunOut = { $lt: ['$lease.until', '$$NOW'] };
const isBeyond = (ttlMs: number) => ({ $gt: ['$lease.until', untilAfter(ttlMs)] });

/** The server's own time decides who holds a lease, so that no process's clock matters. */
const untilAfter = (ttlMs: number) => ({
  $dateAdd: { startDate: '$$NOW', unit: 'millisecond', amount: ttlMs },
});

/** Creates the records of a new log, and refuses another partition count than the one it was made with. */
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
      `the log was made with ${other.partition_count} partitions, configured are ${partitionCount}; ` +
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
 * Takes the lease if it is free or has run out; undefined when somebody holds it. One that runs much further than anybody
 * takes it for was given before the server's clock was set back: its owner, if there is one, would have renewed it since.
 */
export async function takeLease(
  partitions: Collection<PartitionDocument>,
  partition: number,
  owner: string,
  ttlMs: number,
): Promise<Lease | undefined> {
  const record = await partitions.findOneAndUpdate(
    { _id: partition, $expr: { $or: [hasRunOut, isBeyond(2 * ttlMs)] } },
    [{ $set: { lease: { owner, token: { $add: ['$lease.token', 1] }, until: untilAfter(ttlMs) } } }],
    { returnDocument: 'after' },
  );
  return record ? { partition, token: record.lease.token, record } : undefined;
}

/** Holds on to the lease. False when it is lost. */
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

/** Gives the lease up at once, so that the next owner need not wait for it to run out. */
export async function releaseLease(
  partitions: Collection<PartitionDocument>,
  { partition, token }: Lease,
): Promise<void> {
  await partitions.updateOne({ _id: partition, 'lease.token': token }, { $set: { 'lease.until': NEVER } });
}

/**
 * Moves the watermark and proves ownership in one compare-and-set. Where nothing matched, the record is read: our own
 * token with our own value is success, for the answer to an earlier attempt may have been lost.
 * Throws a Fault VERSION_CONFLICT when the lease is lost.
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
  throw new Fault('VERSION_CONFLICT', `partition ${partition} belongs to ${record.lease.owner} now`);
}

/** Records which stream's sequences the log goes on with. Throws a Fault VERSION_CONFLICT when the lease is lost. */
export async function recordStream(
  partitions: Collection<PartitionDocument>,
  { partition, token }: Lease,
  stream: NonNullable<PartitionDocument['stream']>,
): Promise<void> {
  const { matchedCount } = await partitions.updateOne(
    { _id: partition, 'lease.token': token },
    { $set: { stream } },
  );
  if (matchedCount !== 1) throw new Fault('VERSION_CONFLICT', `partition ${partition} was taken over`);
}
