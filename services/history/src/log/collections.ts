import type { Collection, Db, IndexDescription } from 'mongodb';
import type { EventDocument } from './event-document.ts';
import type { PartitionDocument } from './partition-record.ts';

/** The log's collections. Only the log writer writes them. */
export interface LogCollections {
  readonly events: Collection<EventDocument>;
  readonly partitions: Collection<PartitionDocument>;
}

const EVENT_INDEXES: IndexDescription[] = [
  // Makes sure that a report is stored once, and serves reads by vehicle and time.
  { name: 'report_key', key: { subject: 1, observed_at: 1, report_id: 1, part: 1 }, unique: true },
  { name: 'rare_types', key: { type: 1, _id: 1 }, partialFilterExpression: { is_rare: true } },
];

export function logCollections(database: Db): LogCollections {
  return { events: database.collection('events'), partitions: database.collection('partitions') };
}

/** Creates missing indexes. It can be repeated, and several processes may call it at the same time. */
export async function createLogIndexes({ events }: LogCollections): Promise<void> {
  await events.createIndexes(EVENT_INDEXES);
}
