import { committedEnvelope } from '@odograph/event-log/committed-envelope.fixture';
import { endOfEnvelope } from '@odograph/kernel/position';
import { testMongo } from '@odograph/testing/engines';
import { expect, test } from 'vitest';
import { createLogIndexes, logCollections } from './collections.ts';
import { toDocument } from './envelope-document.ts';
import { reported } from './log.fixture.ts';
import { createMongoLogReader } from './mongo-log-reader.ts';

/** A log whose envelopes have these numbers of events, each of another vehicle. */
async function openLog(eventCounts: readonly number[]) {
  const mongo = await testMongo();
  const collections = logCollections(mongo.db);
  await createLogIndexes(collections);
  const ids: string[] = [];
  const documents = eventCounts.map((count, at) => {
    const events = Array.from({ length: count }, () => {
      ids.push(`r${ids.length}`);
      return reported({ vehicleId: `bus-${ids.length}`, reportId: `r${ids.length - 1}`, observedAtMs: at });
    });
    return toDocument(committedEnvelope({ sequence: at + 1, events }), []);
  });
  await collections.envelopes.insertMany(documents);
  const reader = createMongoLogReader(collections);
  return { reader, ids, [Symbol.asyncDispose]: () => mongo[Symbol.asyncDispose]() };
}

test('the log is read once and in order, whether its envelopes are small, large or empty', async () => {
  const small = Array<number>(150).fill(1);
  await using log = await openLog([...small, 2_000, 2_000, 2_000, 0, 0, 1_999, 500, ...small]);
  const through = await log.reader.watermark(0);
  const read: string[] = [];
  const sizes: number[] = [];
  for (let at = 0; at < through; ) {
    const stretch = await log.reader.read(0, at, through);
    expect(stretch.through).toBeGreaterThan(at);
    read.push(...stretch.events.map(({ event }) => event.reportId));
    sizes.push(stretch.events.length);
    at = stretch.through;
  }
  expect(read).toEqual(log.ids);
  expect(Math.max(...sizes)).toBeLessThan(6_000);
});

test('a search ends with its last wanted event, and before the next query once its caller has gone', async () => {
  await using log = await openLog(Array<number>(200).fill(1));
  const query = { after: endOfEnvelope(0, 0), through: 200 };
  const found = await Array.fromAsync(log.reader.matching({ ...query, limit: 3 }));
  expect(found.map(({ event }) => event.reportId)).toEqual(['r0', 'r1', 'r2']);

  for (const selection of [
    { types: ['TelemetryQuarantined', 'TelemetryReported'] },
    { subject: 'bus-100' },
  ]) {
    const leaving = new AbortController();
    const search = log.reader.matching({ ...query, ...selection, limit: 200, signal: leaving.signal });
    expect((await search.next()).done).toBe(false);
    leaving.abort(new Error('the client is gone'));
    await expect(Array.fromAsync(search)).rejects.toThrow('the client is gone');
  }
});
