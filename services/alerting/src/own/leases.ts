import type { Collection, Db } from 'mongodb';

interface LeaseDocument {
  readonly _id: number;
  readonly owner: string;
  readonly until: Date;
}

interface InstanceDocument {
  readonly _id: string;
  readonly until: Date;
}

/** MongoDB's own time decides, so the clocks of the processes do not matter. */
const untilAfter = (ttlMs: number) => ({
  $dateAdd: { startDate: '$$NOW', unit: 'millisecond', amount: ttlMs },
});

/**
 * Which process evaluates which partition. It only avoids that two do the same work: what is evaluated depends on the log alone,
 * so two owners for a moment do no harm.
 */
export class Leases {
  readonly #leases: Collection<LeaseDocument>;
  readonly #instances: Collection<InstanceDocument>;
  readonly #owner: string;
  readonly #ttlMs: number;

  constructor(db: Db, owner: string, ttlMs: number) {
    this.#leases = db.collection('alerting_owners');
    this.#instances = db.collection('alerting_instances');
    this.#owner = owner;
    this.#ttlMs = ttlMs;
  }

  /** This process is there. Gives how many are. */
  async beThere(): Promise<number> {
    await this.#instances.updateOne({ _id: this.#owner }, [{ $set: { until: untilAfter(this.#ttlMs) } }], {
      upsert: true,
    });
    return await this.#instances.countDocuments({ $expr: { $gt: ['$until', '$$NOW'] } });
  }

  /** Takes or keeps a partition. False if another process has it. */
  async take(partition: number): Promise<boolean> {
    const isFree = { $or: [{ $lt: ['$until', '$$NOW'] }, { $eq: ['$owner', this.#owner] }] };
    const { matchedCount } = await this.#leases.updateOne({ _id: partition, $expr: isFree }, [
      { $set: { owner: { $literal: this.#owner }, until: untilAfter(this.#ttlMs) } },
    ]);
    if (matchedCount > 0) return true;
    // MongoDB does not insert a document for such a condition.
    const noOwner = { $setOnInsert: { owner: '', until: NEVER } };
    const { upsertedCount } = await this.#leases.updateOne({ _id: partition }, noOwner, { upsert: true });
    return upsertedCount > 0 && (await this.take(partition));
  }

  /** Gives a partition back, so that the next owner does not wait. */
  async leave(partition: number): Promise<void> {
    await this.#leases.updateOne({ _id: partition, owner: this.#owner }, { $set: { until: NEVER } });
  }

  /** This process is not there any more. */
  async goAway(): Promise<void> {
    await this.#instances.deleteOne({ _id: this.#owner });
  }

  /** The owners of the partitions that have one. */
  async owners(): Promise<ReadonlyMap<number, string>> {
    const found = await this.#leases.find({ $expr: { $gt: ['$until', '$$NOW'] } }).toArray();
    return new Map(found.map(({ _id, owner }) => [_id, owner]));
  }
}

const NEVER = new Date(0);
