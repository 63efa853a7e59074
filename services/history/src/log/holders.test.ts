import { encodeEnvelopeEntry } from '@odograph/event-log/envelope';
import { packEnvelope } from '@odograph/event-log/packed-envelope';
import { expect, test } from 'vitest';
import { createKeptHolders, Holders } from './holders.ts';
import { reportOf, START_MS } from './ledger.fixture.ts';

/** A log in which each envelope has two reports, and the most envelopes that were read at a time. */
function createReader() {
  const reads: number[] = [];
  const envelope = (sequence: number) => ({
    ...{ partition: 0, sequence, previousSequence: sequence - 1, storedAtMs: START_MS, fates: [] },
    bytes: packEnvelope(
      [0, 1].map((time) =>
        encodeEnvelopeEntry(reportOf({ subject: 'V1', time, id: `r${sequence}`, content: time })),
      ),
    ),
  });
  return {
    reads,
    readEnvelopes: async (_: number, sequences: readonly number[]) => {
      reads.push(sequences.length);
      return sequences.filter((sequence) => sequence <= 100).map(envelope);
    },
  };
}

test('events are read a few envelopes at a time, and none keeps the bytes of its envelope alive', async () => {
  const reader = createReader();
  const holders = new Holders(0, reader, createKeptHolders());
  holders.beginBatch();
  await holders.read(Array.from({ length: 100 }, (_, at) => ({ sequence: at + 1, index: 1 })));
  expect(Math.max(...reader.reads)).toBeLessThanOrEqual(16);
  const holder = holders.at({ sequence: 77, index: 1 });
  expect(holder).toEqual({
    position: { partition: 0, sequence: 77, index: 1 },
    ...{ subject: 'V1', observedAtMs: START_MS + 1, reportId: 'r77', part: 0, aggregateVersion: undefined },
    contentHash: new Uint8Array(16).fill(1),
  });
  expect(holder?.contentHash.buffer.byteLength).toBe(16);
});

test('a place at which the log has nothing is read once', async () => {
  const reader = createReader();
  const holders = new Holders(0, reader, createKeptHolders());
  holders.beginBatch();
  for (let times = 0; times < 3; times += 1) {
    await holders.read([
      { sequence: 101, index: 0 },
      { sequence: 7, index: 5 },
    ]);
    expect(holders.at({ sequence: 101, index: 0 })).toBeUndefined();
    expect(holders.at({ sequence: 7, index: 5 })).toBeUndefined();
  }
  expect(reader.reads).toEqual([2]);
});

test('an event that was read is kept for the batches after it, and nothing is believed of a place without one', async () => {
  const reader = createReader();
  const holders = new Holders(0, reader, createKeptHolders());
  const places = [7, 8, 101].map((sequence) => ({ sequence, index: 1 }));
  for (let batch = 0; batch < 3; batch += 1) {
    holders.beginBatch();
    await holders.read(places);
    expect(places.map((place) => holders.at(place)?.reportId)).toEqual(['r7', 'r8', undefined]);
  }
  expect(reader.reads).toEqual([3, 1, 1]);
});

test('nothing is believed that was read for another ledger of the same partition', async () => {
  const kept = createKeptHolders();
  const reader = createReader();
  for (const _ of ['before a restore of the log', 'after it']) {
    const holders = new Holders(0, reader, kept);
    holders.beginBatch();
    await holders.read([{ sequence: 7, index: 1 }]);
  }
  expect(reader.reads).toEqual([1, 1]);
});

test('an event is never missing because it was not read', () => {
  const holders = new Holders(0, createReader(), createKeptHolders());
  holders.beginBatch();
  expect(() => holders.at({ sequence: 7, index: 1 })).toThrow('the event at 7/1 was not read');
});

test('events in memory are found by their index, also if others before them are left out', () => {
  const holders = new Holders(0, createReader(), createKeptHolders());
  holders.beginBatch();
  const indexes = [0, 3, 4, 8, 9, 15];
  holders.addJudged(
    7,
    indexes.map((index) => ({
      position: { partition: 0, sequence: 7, index },
      event: reportOf({ subject: 'V1', time: index, id: 'a', content: 0 }),
    })),
  );
  for (let index = 0; index < 20; index += 1)
    expect(holders.at({ sequence: 7, index })?.position.index).toBe(
      indexes.includes(index) ? index : undefined,
    );
});
