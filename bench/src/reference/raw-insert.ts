import { createLogIndexes, logCollections } from '@odograph/history/log/collections';
import { type EventDocument, toDocument } from '@odograph/history/log/event-document';
import { type Collection, MongoClient } from 'mongodb';
import { type BenchEventsOptions, benchEvents } from './events.ts';
import { type Timing, timed } from './timing.ts';

export interface ReferenceOptions extends Omit<BenchEventsOptions, 'count'> {
  readonly mongoUrl: string;
  /** A database of its own, empty. */
  readonly database: string;
  /** How many events are stored while the clock runs … */
  readonly events: number;
  /** … and before it starts. */
  readonly warmUp: number;
}

export interface RawInsertOptions extends ReferenceOptions {
  /** Events in one `insertMany`. */
  readonly batch: number;
  /** How many of them are under way at a time. */
  readonly inFlight: number;
}

/**
 * The least that storing the log's events can cost: unordered `insertMany` of the log's own documents under the log's own
 * indexes, each acknowledged from the journal of a majority, and nothing else. The documents are made before the clock
 * starts, so that it times BSON and the server only. What was stored stays, for whoever wants to look at it.
 */
export async function rawInsert(options: RawInsertOptions): Promise<Timing> {
  const { mongoUrl, database, events: count, warmUp, batch, inFlight, ...fleet } = options;
  const documents = benchEvents({ ...fleet, count: warmUp + count }).map(toDocument);
  const uncounted = split(documents.slice(0, warmUp), batch);
  const counted = split(documents.slice(warmUp), batch);
  const client = new MongoClient(mongoUrl, { writeConcern: { w: 'majority', journal: true } });
  try {
    const collections = logCollections(client.db(database));
    await createLogIndexes(collections);
    await insertAll(collections.events, uncounted, inFlight);
    return await timed(count, () => insertAll(collections.events, counted, inFlight));
  } finally {
    await client.close();
  }
}

async function insertAll(
  events: Collection<EventDocument>,
  batches: readonly EventDocument[][],
  inFlight: number,
): Promise<void> {
  const queue = batches.values();
  const insertNext = async () => {
    // Shared by all: each batch goes to whoever is free.
    for (const documents of queue) await events.insertMany(documents, { ordered: false });
  };
  await Promise.all(Array.from({ length: inFlight }, insertNext));
}

function split<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, at) =>
    all.slice(at * size, (at + 1) * size),
  );
}
