import { testMongo } from '@odograph/testing/engines';
import { expect, test } from 'vitest';
import { createReadModelStore } from './read-model-store.ts';
import { totalsProjection } from './totals.fixture.ts';

test('stretches have every slice once and complete, for any number of documents per slice', async () => {
  await using mongo = await testMongo();
  const store = createReadModelStore(mongo.db, totalsProjection());
  const counts = { a: 1, b: 6, c: 1, d: 4, e: 2, f: 1, g: 1 };
  const includes = { s: 1, i: 0 };
  await store.save(
    Object.entries(counts).map(([key, count]) => {
      const documents = Array.from({ length: count }, (_, n) => ({ n }));
      return { subject: 'bus-1', key, includes, documents, before: [] };
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
});
