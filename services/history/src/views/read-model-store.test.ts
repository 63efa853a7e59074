import type { Db } from 'mongodb';
import { expect, test } from 'vitest';
import { createReadModelStore } from './read-model-store.ts';
import { totalsProjection } from './totals.fixture.ts';

test('many documents are written with commands of bounded size, those of a slice in one', async () => {
  const sizes: number[] = [];
  const bulkWrite = async (operations: readonly unknown[]) => void sizes.push(operations.length);
  const store = createReadModelStore(
    { collection: () => ({ bulkWrite }) } as unknown as Db,
    totalsProjection(),
  );
  const sliceOf = (key: string, count: number) => {
    const documents = Array.from({ length: count }, (_, n) => ({ n }));
    return { subject: 'bus-1', key, includes: { s: 1, i: 0 }, documents, isNew: false };
  };
  const single = Array.from({ length: 1_100 }, (_, at) => sliceOf(`k${at}`, 1));
  await store.save([...single, sliceOf('last', 700), sliceOf('empty', 0)]);
  expect(sizes).toEqual([500, 500, 800]);
  await store.save([]);
  await store.save([sliceOf('empty', 0)]);
  expect(sizes).toHaveLength(3);
});

test('only slices of one new document are inserted; of the others, the first document is written last', async () => {
  const written: unknown[] = [];
  const idsOf = (documents: readonly { readonly _id: { readonly k: string; readonly n: number } }[]) =>
    documents.map(({ _id: { k, n } }) => `${k}${n}`);
  const collection = {
    insertMany: async (documents: Parameters<typeof idsOf>[0]) =>
      void written.push({ inserted: idsOf(documents) }),
    bulkWrite: async (
      updates: readonly { readonly updateOne: { readonly filter: Parameters<typeof idsOf>[0][number] } }[],
    ) => void written.push({ updated: idsOf(updates.map(({ updateOne }) => updateOne.filter)) }),
  };
  const store = createReadModelStore({ collection: () => collection } as unknown as Db, totalsProjection());
  const sliceOf = (key: string, count: number, isNew: boolean) => {
    const documents = Array.from({ length: count }, (_, n) => ({ n }));
    return { subject: 'bus-1', key, includes: { s: 1, i: 0 }, documents, isNew };
  };
  await store.save([sliceOf('a', 1, true), sliceOf('b', 3, true), sliceOf('c', 1, false)]);
  await store.save([sliceOf('d', 2, false)]);
  await store.save([sliceOf('e', 1, true)]);
  expect(written).toEqual([
    { inserted: ['a0'] },
    { updated: ['b2', 'b1', 'b0', 'c0'] },
    { updated: ['d1', 'd0'] },
    { inserted: ['e0'] },
  ]);
});

test('documents are read forward, also those at the end of a range: a rewrite begins with the last one', async () => {
  const sorts: unknown[] = [];
  const documents = ['a', 'b'].map((k) => ({ _id: { v: 'bus-1', k, n: 0 }, at: { s: 1, i: 0 }, body: {} }));
  const collection = {
    find(_: unknown, { sort, projection }: { readonly sort?: unknown; readonly projection?: object }) {
      if (!projection || 'body.data' in projection) sorts.push(sort);
      const found = (async function* () {
        yield* documents;
      })();
      return Object.assign(found, { toArray: async () => documents });
    },
  };
  const store = createReadModelStore({ collection: () => collection } as unknown as Db, totalsProjection());
  expect((await store.loadLast('bus-1', 'a', 'c')).slices).toHaveLength(2);
  expect((await store.loadFirst('bus-1', 'a', 'c')).slices).toHaveLength(2);
  expect(sorts).toEqual([{ _id: 1 }, { _id: 1 }]);
});
