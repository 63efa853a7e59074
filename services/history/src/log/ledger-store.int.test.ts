import { WorkTurn } from '@odograph/platform/work-turn';
import { testMongo } from '@odograph/testing/engines';
import { expect, test } from 'vitest';
import { type BucketName, firstBucket, nextBucket } from '../domain/ledger/bucket.ts';
import { Entries, type Place } from '../domain/ledger/entries.ts';
import type { KnownTimes } from '../domain/ledger/known-times.ts';
import { logCollections } from './collections.ts';
import { createLedgerStore, type LedgerStore, SEQUENCES_AT_ONCE } from './ledger-store.ts';

const WINDOW = 1_888_888;
/** Spreads numbers over all hashes. */
const hashOf = (key: number): number => Math.imul(key, 0x9e37_79b1) >>> 0;
const placeOf = (key: number): Place => ({ sequence: key + 1, index: key % 2_000 });

const timesUntil = (newestMs: number): KnownTimes => ({
  newestMs,
  aheadMs: [newestMs + 5],
  unknownFromMs: Infinity,
});

/** A subject with new keys in one window. */
function changeOf(subject: string, from: number, count: number) {
  const entries = new Entries();
  for (let key = from; key < from + count; key += 1) entries.add(hashOf(key), placeOf(key));
  return { subject, times: timesUntil(from + count), windows: [{ window: WINDOW, entries }] };
}

async function openStore() {
  const mongo = await testMongo();
  const collections = logCollections(mongo.db);
  return {
    collections,
    store: createLedgerStore(collections),
    [Symbol.asyncDispose]: () => mongo[Symbol.asyncDispose](),
  };
}

/** As the ledger looks a key up. */
async function find(store: LedgerStore, subject: string, key: number): Promise<readonly Place[]> {
  const places: Place[] = [];
  for (let bucket: BucketName = firstBucket(subject, WINDOW); ; bucket = nextBucket(bucket, hashOf(key))) {
    const [stored] = await store.buckets([bucket]);
    places.push(...(stored?.entries.find(hashOf(key)) ?? []));
    if (!stored?.isFull) return places;
  }
}

test('two owners that begin the ledger at the same time have the same secret, and so has a later one', async () => {
  await using test = await openStore();
  const begun = await Promise.all(Array.from({ length: 8 }, () => test.store.begin(0)));
  for (const end of [...begun, await test.store.begin(0)]) expect(end).toEqual(begun[0]);
  expect(begun[0]?.sequence).toBe(0);
  expect((await test.store.begin(1)).secret).not.toEqual(begun[0]?.secret);
});

test('an ordinary vehicle has one document a window and one for its times, however often it is stored', async () => {
  await using test = await openStore();
  const { store, collections } = test;
  await store.begin(0);
  for (let flush = 0; flush < 30; flush += 1)
    await store.save(0, [changeOf('bus-1', flush * 300, 300)], { from: flush, to: flush + 1 });
  expect(await collections.ledger.countDocuments()).toBe(2);
  expect(await store.timesOf(['bus-1', 'bus-2'], 30)).toEqual(new Map([['bus-1', timesUntil(9_000)]]));
  expect(await find(store, 'bus-1', 8_123)).toEqual([placeOf(8_123)]);
  expect(await store.sequencesOf('bus-1', 5, 8, new WorkTurn())).toEqual([5, 6, 7, 8]);
  expect(await store.checkpoint(0)).toBe(30);
});

test('a clock that has stopped fills many documents of bounded size, and each key is found', async () => {
  await using test = await openStore();
  const { store, collections } = test;
  await store.begin(0);
  for (let flush = 0; flush < 100; flush += 1)
    await store.save(0, [changeOf('bus-1', flush * 2_000, 2_000), changeOf('bus-2', flush, 1)], {
      ...{ from: flush * 2_000, to: (flush + 1) * 2_000 },
    });
  for (const key of [0, 16_383, 20_000, 100_000, 199_999])
    expect(await find(store, 'bus-1', key)).toEqual([placeOf(key)]);
  expect(await find(store, 'bus-2', 99)).toEqual([placeOf(99)]);
  const counts = await collections.ledger.distinct('count');
  expect(Math.max(...counts.map(Number))).toBeLessThan(20_000);
  expect(await collections.ledger.countDocuments({ '_id.v': 'bus-1' })).toBe(18);
  const sequences: number[] = [];
  const turn = new WorkTurn();
  for (let part = 0; part < 13; part += 1) {
    const next = await store.sequencesOf('bus-1', (sequences.at(-1) ?? 0) + 1, 200_000, turn);
    expect(next.length).toBeLessThanOrEqual(SEQUENCES_AT_ONCE);
    sequences.push(...next);
  }
  expect(sequences).toEqual(Array.from({ length: 200_000 }, (_, at) => at + 1));
  expect(await store.sequencesOf('bus-1', 200_001, 300_000, turn)).toEqual([]);
  const ofNobody = new WorkTurn(AbortSignal.abort(new Error('left')));
  await expect(store.sequencesOf('bus-1', 1, 200_000, ofNobody)).rejects.toThrow('left');
});

test('changes that are saved again, after a crash before the checkpoint moved, are found', async () => {
  await using test = await openStore();
  const { store } = test;
  await store.begin(0);
  await store.save(0, [changeOf('bus-1', 0, 40_000)], { from: 0, to: 5 });
  const change = changeOf('bus-1', 40_000, 10);
  await store.save(0, [change], { from: 5, to: 9 });
  await store.save(0, [change], { from: 5, to: 9 });
  await store.save(0, [changeOf('bus-1', 40_000, 20)], { from: 9, to: 12 });
  expect(new Set((await find(store, 'bus-1', 40_005)).map(({ sequence }) => sequence))).toEqual(
    new Set([40_006]),
  );
  expect(await find(store, 'bus-1', 40_015)).toEqual([placeOf(40_015)]);
});

test('a former owner cannot move the checkpoint, and does not replace later times', async () => {
  await using test = await openStore();
  const { store } = test;
  await store.begin(0);
  await store.save(0, [changeOf('bus-1', 0, 10)], { from: 0, to: 10 });
  const late = store.save(0, [changeOf('bus-1', 0, 5), changeOf('bus-2', 0, 5)], { from: 0, to: 5 });
  await expect(late).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
  expect(await store.checkpoint(0)).toBe(10);
  expect(await store.timesOf(['bus-1'], 10)).toEqual(new Map([['bus-1', timesUntil(10)]]));
});

test('of two owners that store a subject for the first time, the times of the later one remain', async () => {
  await using test = await openStore();
  const { store } = test;
  await store.begin(0);
  for (let round = 0; round < 20; round += 1) {
    const subject = `bus-${round}`;
    const from = round * 10;
    await Promise.allSettled([
      store.save(0, [changeOf(subject, 0, 5)], { from, to: from + 5 }),
      store.save(0, [changeOf(subject, 0, 10)], { from, to: from + 10 }),
    ]);
    expect(await store.timesOf([subject], from + 10)).toEqual(new Map([[subject, timesUntil(10)]]));
    const stored = await store.checkpoint(0);
    if (stored !== from + 10) await store.save(0, [], { from: stored, to: from + 10 });
  }
});

test('times of a later moment than the end of the log are replaced by what comes next', async () => {
  await using test = await openStore();
  const { store } = test;
  await store.begin(0);
  await store.save(0, [changeOf('bus-1', 0, 10)], { from: 0, to: 10 });
  await store.save(0, [], { from: 10, to: 3 });
  await store.timesOf(['bus-1'], 3);
  await store.save(0, [changeOf('bus-1', 100, 10)], { from: 3, to: 5 });
  expect(await store.timesOf(['bus-1'], 5)).toEqual(new Map([['bus-1', timesUntil(110)]]));
  expect(await find(store, 'bus-1', 105)).toEqual([placeOf(105)]);
});

test('a stored ledger without a secret is refused with the way out', async () => {
  await using test = await openStore();
  await test.collections.ledgerCheckpoints.insertOne({ _id: 0, sequence: 7 } as never);
  await expect(test.store.begin(0)).rejects.toThrow(
    /partition 0 has no secret: delete the collections ledger/,
  );
});
