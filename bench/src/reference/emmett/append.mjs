/**
 * Appends the bench's events through Emmett's MongoDB store, one append per report to the stream of its vehicle. Takes a
 * folder with events.ts and timing.ts, and the options as JSON in BENCH_OPTIONS, prints the timing as JSON, and drops the database.
 */
import { getMongoDBEventStore, toStreamName } from '@event-driven-io/emmett-mongodb';
import { MongoClient } from 'mongodb';

const modules = process.argv[2];
const { benchEvents } = await import(`${modules}/events.ts`);
const { timed } = await import(`${modules}/timing.ts`);
const {
  mongoUrl,
  database,
  events: count,
  warmUp,
  concurrency,
  ...fleet
} = JSON.parse(process.env.BENCH_OPTIONS);

/** An event in Emmett's form, with all fields of the log's document. */
function toAppend({ event }) {
  const data = {
    version: event.version,
    observedAt: new Date(event.observedAtMs),
    reportId: event.reportId,
    part: event.part,
    receivedAt: new Date(event.receivedAtMs),
    contentHash: event.contentHash,
    payload: event.payload,
  };
  return { stream: toStreamName('vehicle', event.subject), events: [{ type: event.type, data }] };
}

/** Each vehicle belongs to one worker, because concurrent appends to one stream conflict. */
function shareOut(appends) {
  const shares = Array.from({ length: concurrency }, () => []);
  for (const [at, append] of appends.entries()) shares[(at % fleet.vehicles) % concurrency].push(append);
  return shares;
}

async function appendAll(store, shares) {
  const work = async (share) => {
    for (const { stream, events } of share) await store.appendToStream(stream, events);
  };
  await Promise.all(shares.map(work));
}

const client = await MongoClient.connect(mongoUrl, { writeConcern: { w: 'majority', journal: true } });
try {
  const storage = { type: 'COLLECTION_PER_STREAM_TYPE', databaseName: database };
  const store = getMongoDBEventStore({ client, storage });
  const appends = benchEvents({ ...fleet, count: warmUp + count }).map(toAppend);
  await appendAll(store, shareOut(appends.slice(0, warmUp)));
  const counted = shareOut(appends.slice(warmUp));
  const timing = await timed(count, () => appendAll(store, counted));
  process.stdout.write(JSON.stringify(timing));
} finally {
  await client.db(database).dropDatabase();
  await client.close();
}
