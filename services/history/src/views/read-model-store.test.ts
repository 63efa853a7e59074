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
    return { subject: 'bus-1', key, includes: { s: 1, i: 0 }, documents };
  };
  const single = Array.from({ length: 1_100 }, (_, at) => sliceOf(`k${at}`, 1));
  await store.save([...single, sliceOf('last', 700), sliceOf('empty', 0)]);
  expect(sizes).toEqual([500, 500, 800]);
  await store.save([]);
  await store.save([sliceOf('empty', 0)]);
  expect(sizes).toHaveLength(3);
});
