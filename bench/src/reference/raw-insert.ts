import { type Collection, MongoClient } from 'mongodb';
import { EVENT_INDEXES, type EventDocument, toDocument } from './event-document.ts';
import { type BenchEventsOptions, benchEvents } from './events.ts';
import { type Timing, timed } from './timing.ts';

export interface ReferenceOptions extends Omit<BenchEventsOptions, 'count'> {
  readonly mongoUrl: string;
  /** An empty database. */
  readonly database: string;
  /** The number of events that are timed … */
  readonly events: number;
  /** … and that are stored before. */
  readonly warmUp: number;
}

export interface RawInsertOptions extends ReferenceOptions {
  /** Events in one `insertMany`. */
  readonly batch: number;
  /** The number of concurrent `insertMany`. */
  readonly inFlight: number;
}

/**
 * The cost of storing the events as anybody would without the platform: a document an event under its unique key, unordered,
 * journaled, majority `insertMany`. The documents are made before the clock starts, and are not removed.
 */
export async function rawInsert(options: RawInsertOptions): Promise<Timing> {
  const { mongoUrl, database, events: count, warmUp, batch, inFlight, ...fleet } = options;
  const documents = benchEvents({ ...fleet, count: warmUp + count }).map(toDocument);
  const uncounted = split(documents.slice(0, warmUp), batch);
  const counted = split(documents.slice(warmUp), batch);
  const client = new MongoClient(mongoUrl, { writeConcern: { w: 'majority', journal: true } });
  try {
    const events = client.db(database).collection<EventDocument>('events');
    await events.createIndexes(EVENT_INDEXES);
    await insertAll(events, uncounted, inFlight);
    return await timed(count, () => insertAll(events, counted, inFlight));
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
    // All share the queue, so that the next free one takes the next batch.
    for (const documents of queue) await events.insertMany(documents, { ordered: false });
  };
  await Promise.all(Array.from({ length: inFlight }, insertNext));
}

function split<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, at) =>
    all.slice(at * size, (at + 1) * size),
  );
}
