import { logCollections } from '@odograph/history/log/collections';
import { createMongoLogReader } from '@odograph/history/log/mongo-log-reader';
import { MongoClient } from 'mongodb';
import { type Timing, timed } from '../reference/timing.ts';

export interface LogReadingOptions {
  readonly mongoUrl: string;
  readonly database: string;
  readonly partitions: number;
  /** Events that the log has at least. */
  readonly events: number;
}

/** Reads every event of a log as history's views do when they start at its beginning, one partition after the other. */
export async function readWholeLog(options: LogReadingOptions): Promise<Timing> {
  const { mongoUrl, database, partitions, events } = options;
  const client = new MongoClient(mongoUrl, { readConcern: { level: 'majority' } });
  try {
    const reader = createMongoLogReader(logCollections(client.db(database)));
    return await timed(events, async () => {
      let left = events;
      for (let partition = 0; partition < partitions; partition += 1) {
        const watermark = await reader.watermark(partition);
        for (let at = 0; at < watermark; ) {
          const stretch = await reader.read(partition, at, watermark);
          left -= stretch.events.length;
          at = stretch.through;
        }
      }
      if (left > 0) throw new RangeError(`the log has ${left} events less than were sent`);
    });
  } finally {
    await client.close();
  }
}
