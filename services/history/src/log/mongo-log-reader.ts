import { MAX_ENVELOPE_EVENTS } from '@odograph/event-log/envelope';
import type { LogReader, StoredEvent } from '@odograph/event-log/log-reader';
import { type EventPosition, endOfEnvelope } from '@odograph/kernel/position';
import type { LogCollections } from './collections.ts';
import { type EventDocument, FREQUENT_TYPES, fromDocument, keyOfPosition } from './event-document.ts';
import { readPartition } from './partition-record.ts';

/** Events read with one query: more than an envelope has, so that at least one envelope is complete. */
const STRETCH_EVENTS = 2 * MAX_ENVELOPE_EVENTS;

/** Ends queries whose caller has gone. */
const QUERY_TIME_MS = 30_000;

/** Reads the log from MongoDB, never above the watermark; the connection (platform/mongo.ts) asks the primary, with majority read concern. */
export interface MongoLogReader extends LogReader {
  /** A subject's events between two positions of its partition, inclusive, in order. */
  readSubject(subject: string, from: EventPosition, through: EventPosition): Promise<readonly StoredEvent[]>;
  /** Matching events after a position and up to a sequence, in order. */
  readMatching(query: MatchQuery): Promise<readonly StoredEvent[]>;
  /** The highest sequence of a stored event; 0: none. */
  highestSequence(partition: number): Promise<number>;
}

/** Selects events of a partition. */
export interface MatchQuery {
  /** Only events after this one. */
  readonly after: EventPosition;
  /** Only events up to this sequence, inclusive. */
  readonly through: number;
  /** Only these types; if empty, all types but TimeTicked. */
  readonly types?: readonly string[];
  readonly subject?: string;
  readonly limit: number;
}

export function createMongoLogReader({ events, partitions }: LogCollections): MongoLogReader {
  return {
    async watermark(partition) {
      return (await readPartition(partitions, partition)).watermark;
    },

    async read(partition, afterSequence, through) {
      const documents = await events
        .find(
          { _id: { $gt: keyOfEnd(partition, afterSequence), $lte: keyOfEnd(partition, through) } },
          { sort: { _id: 1 }, limit: STRETCH_EVENTS, batchSize: STRETCH_EVENTS },
        )
        .toArray();
      return documents.length < STRETCH_EVENTS
        ? { events: documents.map(fromDocument), through }
        : wholeEnvelopes(documents);
    },

    async readSubject(subject, from, through) {
      const documents = await events
        .find(
          { subject, _id: { $gte: keyOfPosition(from), $lte: keyOfPosition(through) } },
          { sort: { _id: 1 } },
        )
        .toArray();
      return documents.map(fromDocument);
    },

    async readMatching({ after, through, types, subject, limit }) {
      const { partition } = after;
      const documents = await events
        .find(
          {
            _id: { $gt: keyOfPosition(after), $lte: keyOfEnd(partition, through) },
            ...(types && types.length > 0 ? typesFilter(types) : { type: { $ne: 'TimeTicked' } }),
            ...(subject ? { subject } : {}),
          },
          { sort: { _id: 1 }, limit, maxTimeMS: QUERY_TIME_MS },
        )
        .toArray();
      return documents.map(fromDocument);
    },

    async highestSequence(partition) {
      const last = await events.findOne(
        { _id: { $gt: keyOfEnd(partition, -1), $lt: keyOfEnd(partition, Number.MAX_SAFE_INTEGER) } },
        { sort: { _id: -1 }, projection: { _id: 1 } },
      );
      return last?._id.s ?? 0;
    },
  };
}

/** Rare types have a separate index. */
function typesFilter(types: readonly string[]) {
  const areRare = types.every((type) => !FREQUENT_TYPES.includes(type));
  return { type: { $in: [...types] }, ...(areRare ? { is_rare: true as const } : {}) };
}

const keyOfEnd = (partition: number, sequence: number) => keyOfPosition(endOfEnvelope(partition, sequence));

/** Leaves out the last envelope, because it may not be complete. */
function wholeEnvelopes(documents: readonly EventDocument[]): { events: StoredEvent[]; through: number } {
  const last = documents.at(-1)?._id.s ?? 0;
  const whole = documents.filter(({ _id }) => _id.s < last);
  return { events: whole.map(fromDocument), through: whole.at(-1)?._id.s ?? 0 };
}
