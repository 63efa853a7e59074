import { testMongo } from '@odograph/testing/engines';
import { expect, test } from 'vitest';
import { createReadModelStore } from './read-model-store.ts';
import type { ChangedSlice } from './save-slices.ts';
import { totalsProjection } from './totals.fixture.ts';

test('stretches have every slice once and complete, for any number of documents per slice', async () => {
  await using mongo = await testMongo();
  const store = createReadModelStore(mongo.db, totalsProjection());
  const counts = { a: 1, b: 90, c: 1, d: 64, e: 2, f: 1, g: 1 };
  const includes = { s: 1, i: 0 };
  await store.save(
    Object.entries(counts).map(([key, count]) => {
      const documents = Array.from({ length: count }, (_, n) => ({ n }));
      return { subject: 'bus-1', key, includes, documents, isNew: false };
    }),
  );

  const found: Record<string, number> = {};
  for (let next = ''; next <= 'z'; ) {
    const { slices, through } = await store.loadFirst('bus-1', next, 'z');
    for (const { key, documents } of slices) found[key] = (found[key] ?? 0) + documents.length;
    next = `${through}\0`;
  }

  expect(found).toEqual(counts);
  expect(await store.loadFirst('bus-2', '', 'z')).toEqual({ slices: [], through: 'z' });

  const fromTheEnd: [string, number][] = [];
  for (let before = 'z'; before > ''; ) {
    const { slices, since } = await store.loadLast('bus-1', '', before);
    for (const { key, documents } of slices.toReversed()) fromTheEnd.push([key, documents.length]);
    before = since;
  }
  expect(fromTheEnd).toEqual(Object.entries(counts).reverse());
  expect(await store.loadLast('bus-2', '', 'z')).toEqual({ slices: [], since: '' });
});

/** A slice of documents with bytes: its number of documents, and the bytes of each. */
const heavy = (key: string, count: number, bytes: number) => ({
  ...{ subject: 'bus-1', key, includes: { s: 1, i: 0 } },
  documents: Array.from({ length: count }, (_, at) => ({ at, data: Buffer.alloc(bytes, at) })),
});

test('of a slice with very many documents, or very large ones, the bytes are read one document at a time', async () => {
  await using mongo = await testMongo();
  const store = createReadModelStore(mongo.db, totalsProjection());
  const saved = [heavy('a', 3, 10), heavy('b', 100, 1_000), heavy('c', 2, 10), heavy('d', 10, 1_000_000)];
  await store.save(saved.map((each) => ({ ...each, isNew: false })));
  const stretches = [];
  for (let next = ''; next <= 'z'; ) {
    const { slices, through } = await store.loadFirst('bus-1', next, 'z');
    stretches.push(slices);
    next = `${through}\0`;
  }
  const [first, second, third, fourth, ...others] = stretches;
  expect([first, third, ...others]).toEqual([[heavy('a', 3, 10)], [heavy('c', 2, 10)], []]);
  for (const [slices, whole] of [
    [second, heavy('b', 100, 1_000)],
    [fourth, heavy('d', 10, 1_000_000)],
  ] as const) {
    const { data: _, ...head } = whole.documents[0] ?? {};
    expect(slices).toEqual([
      { ...whole, documents: whole.documents.map(({ at }) => (at === 0 ? head : { at, n: at })) },
    ]);
    for (const n of [1, whole.documents.length - 1])
      expect(await store.loadDocument('bus-1', whole.key, n)).toEqual(whole.documents[n]);
    const { since, slices: last } = await store.loadLast('bus-1', whole.key, `${whole.key}\0`);
    expect([since, last]).toEqual([whole.key, slices]);
  }
  expect(await store.loadDocument('bus-1', 'b', 100)).toBeUndefined();
});

test('a slice whose first document is missing, as after a crash, includes nothing', async () => {
  await using mongo = await testMongo();
  const store = createReadModelStore(mongo.db, totalsProjection());
  const slice = { subject: 'bus-1', key: 'a', includes: { s: 1, i: 0 } };
  await store.save([{ ...slice, documents: [undefined, { n: 1 }], isNew: false }]);
  const { slices } = await store.loadFirst('bus-1', 'a', 'a');
  expect(slices).toEqual([{ ...slice, includes: undefined, documents: [{ n: 1 }] }]);
  expect(await store.load([slice])).toEqual([{ ...slice, includes: undefined, documents: [] }]);
});

test('a fold gets the first document, and writes those that it gives', async () => {
  await using mongo = await testMongo();
  const store = createReadModelStore(mongo.db, totalsProjection());
  const slice = { subject: 'bus-1', key: 'a' };
  const save = (s: number, documents: ChangedSlice['documents']) =>
    store.save([{ ...slice, includes: { s, i: 0 }, documents, isNew: false }]);
  await save(1, [{ n: 0 }, { n: 1 }]);
  await save(2, [{ n: 9 }, undefined, { n: 2 }]);
  const includes = { s: 2, i: 0 };
  expect(await store.load([slice])).toEqual([{ ...slice, includes, documents: [{ n: 9 }] }]);
  const { slices } = await store.loadFirst('bus-1', 'a', 'a');
  expect(slices).toEqual([{ ...slice, includes, documents: [{ n: 9 }, { n: 1 }, { n: 2 }] }]);
});

test('a removal looks at few documents with each command, however many there are', async () => {
  await using mongo = await testMongo();
  const projection = totalsProjection();
  const store = createReadModelStore(mongo.db, projection);
  const slice = (at: number, s: number) => {
    return { subject: `bus-${at}`, key: 'all', includes: { s, i: 0 }, documents: [{ n: 0 }], isNew: true };
  };
  await store.save([...Array(3_000).keys()].map((at) => slice(at, at === 2_999 ? 8 : 7)));
  await mongo.db.command({ profile: 2 });
  await expect(store.removeAbove(7, () => true, AbortSignal.abort(new Error('stopped')))).rejects.toThrow(
    'stopped',
  );
  await store.removeAbove(7, () => true, new AbortController().signal);
  await mongo.db.command({ profile: 0 });
  expect(await store.load([slice(2_999, 0)])).toMatchObject([{ documents: [] }]);
  expect(await store.load([slice(2_998, 0)])).toMatchObject([{ documents: [{ n: 0 }] }]);
  const commands = await mongo.db
    .collection('system.profile')
    .find({ ns: { $regex: projection.name } })
    .toArray();
  const examined = commands.map(({ docsExamined }) => docsExamined ?? 0);
  expect(examined.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(3_000);
  expect(Math.max(...examined)).toBeLessThanOrEqual(1_000);
});

test('a slice that was new when it was loaded is stored, and one that another owner has stored since keeps what includes more', async () => {
  await using mongo = await testMongo();
  const store = createReadModelStore(mongo.db, totalsProjection());
  const slice = (key: string, s: number) => {
    return { subject: 'bus-1', key, includes: { s, i: 0 }, documents: [{ reports: s }], isNew: true };
  };
  await store.save([slice('a', 5), slice('b', 5), slice('c', 5)]);
  const known = { ...slice('z', 6), isNew: false };
  await store.save([known, slice('a', 4), slice('b', 5), slice('c', 6), slice('d', 6)]);
  const { slices } = await store.loadFirst('bus-1', 'a', 'z');
  const found = slices.map(({ key, includes, documents }) => [key, includes?.s, documents[0]?.['reports']]);
  expect(found).toEqual([
    ['a', 5, 5],
    ['b', 5, 5],
    ['c', 6, 6],
    ['d', 6, 6],
    ['z', 6, 6],
  ]);
});
