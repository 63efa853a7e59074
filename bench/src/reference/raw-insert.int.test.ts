import { testMongo } from '@odograph/testing/engines';
import { expect, test } from 'vitest';
import { benchEvents } from './events.ts';
import { rawInsert } from './raw-insert.ts';
import { measureRawInsert } from './references.ts';

const fleet = { vehicles: 20, samplesPerReport: 1, seed: 7 };
const few = { ...fleet, events: 1_050, warmUp: 100, batch: 100, inFlight: 3 };

test('all events are stored with the warm-up, once each under the unique key', async () => {
  await using mongo = await testMongo();
  const timing = await rawInsert({ ...few, mongoUrl: mongo.url, database: mongo.databaseName });
  const events = mongo.db.collection('events');

  expect(timing.events).toBe(1_050);
  expect(timing.eventsPerSecond).toBeCloseTo((1_050 / timing.durationMs) * 1_000);
  expect(await events.countDocuments()).toBe(1_150);
  const [first] = await events.find().limit(1).project({ _id: 0 }).toArray();
  await expect(events.insertOne({ ...first })).rejects.toThrow('report_key');
});

test('the documents have the events of the log', async () => {
  await using mongo = await testMongo();
  await rawInsert({ ...few, mongoUrl: mongo.url, database: mongo.databaseName });
  const [made] = benchEvents({ ...fleet, count: 1 });
  const stored = await mongo.db.collection('events').findOne({}, { sort: { _id: 1 } });

  expect(stored?._id).toEqual({ p: 0, s: 1, i: 0 });
  expect(stored?.['report_id']).toBe(made?.event.reportId);
  expect(Buffer.from(stored?.['payload'].value())).toEqual(made?.event.payload);
});

test('in its own process it removes its database', async () => {
  await using mongo = await testMongo();
  const timing = await measureRawInsert({ ...few, mongoUrl: mongo.url });
  const { databases } = await mongo.client.db().admin().listDatabases({ nameOnly: true });

  expect(timing.clientPeakRssMib).toBeGreaterThan(10);
  expect(databases.filter(({ name }) => name.startsWith('bench_raw_'))).toEqual([]);
});
