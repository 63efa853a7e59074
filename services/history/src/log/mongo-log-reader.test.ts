import { randomBytes } from 'node:crypto';
import { committedEnvelope } from '@odograph/event-log/committed-envelope.fixture';
import { endOfEnvelope } from '@odograph/kernel/position';
import { WorkTurn } from '@odograph/platform/work-turn';
import { turnsOf } from '@odograph/testing/work-turns';
import { Binary } from 'mongodb';
import { expect, test } from 'vitest';
import { Entries } from '../domain/ledger/entries.ts';
import type { LogCollections } from './collections.ts';
import { type EnvelopeDocument, toDocument } from './envelope-document.ts';
import { reported } from './log.fixture.ts';
import { createMongoLogReader, STRETCH_OF_A_STREAM, type StretchSize } from './mongo-log-reader.ts';

const BUS = reported({ vehicleId: 'bus-1', reportId: 'r1', observedAtMs: 1 });
const MIB = 1024 * 1024;

/** An envelope of events that have a number of bytes which cannot be compressed; by default those of a report. */
function envelopeOf(sequence: number, count: number, bytes = 0): EnvelopeDocument {
  const payload = bytes > 0 ? randomBytes(bytes) : BUS.payload;
  return toDocument(committedEnvelope({ sequence, events: Array(count).fill({ ...BUS, payload }) }), []);
}

interface Filter {
  readonly _id:
    | { readonly $gt: { readonly s: number }; readonly $lte: { readonly s: number } }
    | { readonly $in: readonly { readonly s: number }[] };
}

const isWanted = ({ _id: wanted }: Filter, { s }: EnvelopeDocument['_id']) =>
  '$in' in wanted ? wanted.$in.some((each) => each.s === s) : s > wanted.$gt.s && s <= wanted.$lte.s;

/** A log in memory that notes how many bytes are read from it at a time, and a ledger that is stored up to a sequence. */
function openLog(
  documents: readonly EnvelopeDocument[],
  { storedThrough = 0, size = undefined as StretchSize | undefined } = {},
) {
  const stretches: number[] = [];
  async function* found(filter: Filter, limit: number | undefined) {
    stretches.push(0);
    for (const document of documents.filter(({ _id }) => isWanted(filter, _id)).slice(0, limit)) {
      stretches[stretches.length - 1] = (stretches.at(-1) ?? 0) + document.message.length();
      yield document;
    }
  }
  const envelopes = {
    find(filter: Filter, { limit }: { readonly limit?: number } = {}) {
      const cursor = found(filter, limit);
      return Object.assign(cursor, { toArray: () => Array.fromAsync(cursor) });
    },
  };
  const places = documents.map(({ _id }) => ({ sequence: _id.s, index: 0 })).slice(0, storedThrough);
  const bucket = new Entries();
  for (const place of places) bucket.add(place.sequence, place);
  const ledger = {
    find: ({ through: { $gte } }: { readonly through: { readonly $gte: number } }) =>
      $gte <= storedThrough ? [{ entries: [new Binary(bucket.bytes)] }] : [],
  };
  const ledgerCheckpoints = { findOne: async () => ({ sequence: storedThrough }) };
  const collections = { envelopes, ledger, ledgerCheckpoints } as unknown as LogCollections;
  return { reader: createMongoLogReader(collections, size), stretches };
}

const START = endOfEnvelope(0, 0);

test('of large envelopes few are read at a time, by bytes, after any number of small ones', async () => {
  const documents = Array.from({ length: 150 }, (_, at) =>
    envelopeOf(at + 1, 1, at < 100 ? 0 : MIB / 2 - 400),
  );
  const { reader, stretches } = openLog(documents);
  const query = { after: START, through: 150, limit: 1_000 };
  expect(await Array.fromAsync(reader.matching(query))).toHaveLength(150);
  expect(Math.max(...stretches)).toBeLessThan(4.6 * MIB);
  expect(stretches.length).toBeLessThan(20);

  stretches.length = 0;
  const subject = { ...query, subject: 'bus-1' };
  expect(await Array.fromAsync(reader.matching(subject))).toHaveLength(150);
  expect(Math.max(...stretches)).toBeLessThan(4.6 * MIB);

  stretches.length = 0;
  for (let at = 0; at < 150; ) at = (await reader.read(0, at, 150)).through;
  expect(Math.max(...stretches)).toBeLessThan(4.6 * MIB);
  expect(stretches.length).toBeLessThan(20);
});

test('and so are those of a vehicle that the ledger knows', async () => {
  const documents = Array.from({ length: 150 }, (_, at) =>
    envelopeOf(at + 1, 1, at < 100 ? 0 : MIB / 2 - 400),
  );
  const { reader, stretches } = openLog(documents, { storedThrough: 150 });
  const query = { after: START, through: 150, limit: 1_000, subject: 'bus-1' };
  const found = await Array.fromAsync(reader.matching(query));
  expect(found.map(({ position }) => position.sequence)).toEqual(documents.map(({ _id }) => _id.s));
  expect(Math.max(...stretches)).toBeLessThan(4.6 * MIB);
  expect(stretches.length).toBeLessThan(20);
});

test('for a stream of a client, less is read at a time', async () => {
  const documents = Array.from({ length: 50 }, (_, at) => envelopeOf(at + 1, 1, at < 10 ? 0 : MIB / 2 - 400));
  const size = STRETCH_OF_A_STREAM;
  const { reader, stretches } = openLog(documents, { size });
  for (let at = 0; at < 50; ) at = (await reader.read(0, at, 50)).through;
  expect(await Array.fromAsync(reader.matching({ after: START, through: 50, limit: 1_000 }))).toHaveLength(
    50,
  );
  expect(Math.max(...stretches)).toBeLessThan(1.6 * MIB);

  const small = openLog(
    Array.from({ length: 50 }, (_, at) => envelopeOf(at + 1, 300)),
    { size },
  );
  const counts: number[] = [];
  for (let at = 0; at < 50; ) {
    const { events, through } = await small.reader.read(0, at, 50);
    counts.push(events.length);
    at = through;
  }
  expect(Math.max(...counts)).toBeLessThan(size.events + 300);
  expect(counts.length).toBeLessThan(10);
});

test('events that do not match are passed over in turns, and not after the caller has left', async () => {
  const documents = Array.from({ length: 16 }, (_, at) => envelopeOf(at + 1, 2_000));
  const { reader } = openLog(documents);
  const leaving = new AbortController();
  const query = { after: START, through: 16, limit: 1, signal: leaving.signal };
  const search = () =>
    Array.fromAsync(reader.matching({ ...query, types: ['TelemetryQuarantined', 'TimeTicked'] }));
  expect(await turnsOf(search)).toBeGreaterThan(100);
  const left = turnsOf(() => expect(search()).rejects.toThrow('left'));
  leaving.abort(new Error('left'));
  expect(await left).toBeLessThan(5);
});

test('the events of a vehicle, and a stretch of the log, are read in turns', async () => {
  const documents = Array.from({ length: 16 }, (_, at) => envelopeOf(at + 1, 2_000));
  const { reader } = openLog(documents);
  const query = {
    subject: 'bus-2',
    from: { ...START, sequence: 1, index: 0 },
    through: endOfEnvelope(0, 16),
  };
  const subjectEvents = () => Array.fromAsync(reader.readSubject({ ...query, turn: new WorkTurn() }));
  expect(await turnsOf(subjectEvents)).toBeGreaterThan(2);
  const all = async () => {
    for (let at = 0; at < 16; ) at = (await reader.read(0, at, 16)).through;
  };
  expect(await turnsOf(all)).toBeGreaterThan(0);
});
