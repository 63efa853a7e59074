import { expect, test } from 'vitest';
import { status } from '../domain/status/status.ts';
import type { StatusFilter } from '../domain/status/status-filter.ts';
import type { StatusSlice } from '../domain/status/status-slice.ts';
import type { ReadModel } from '../views/read-model.ts';
import type { SubjectsAfter } from '../views/subject-pages.ts';
import type { ViewReader } from '../views/view-reader.ts';
import { encodePageToken } from './page-token.ts';
import { vehicleReader } from './vehicle-reader.ts';

const FLEET_SIZE = 25_000;
const IDS = Array.from({ length: FLEET_SIZE }, (_, at) => `bus-${String(at).padStart(5, '0')}`);
const ANY = { fleet: '', tag: '', model: '', text: '', includeRetired: false };

/** The lists of a fleet in which every vehicle has reported; counts how many were read. */
function openLists() {
  const slice: StatusSlice = { ...status.initial('', ''), lastReceivedAtMs: 5 };
  let read = 0;
  const reader = {
    positions: () => [{ partition: 0, sequence: 9 }],
    async subjectsAfter(_: unknown, { after, limit }: SubjectsAfter) {
      const from = IDS.findIndex((id) => id > after);
      return from < 0 ? [] : IDS.slice(from, from + limit);
    },
    async readEach(_: unknown, subjects: readonly string[]) {
      read += subjects.length;
      return subjects.map((subject) => ({ subject, slice, parked: undefined }));
    },
  };
  const views = { reader: reader as unknown as ViewReader };
  const model = { projection: status } as ReadModel<StatusSlice>;
  const { page } = vehicleReader({ partitionCount: 1, views, status: model }, 'vehicles');
  const { signal } = new AbortController();
  return {
    read: () => read,
    page: (filter: Partial<StatusFilter>, pageToken = '', pageSize = 0) =>
      page({ ...ANY, ...filter, pageSize, pageToken, atLeast: [] }, signal),
  };
}

test('a page ends after ten thousand vehicles, perhaps without one, and the next goes on behind them', async () => {
  const lists = openLists();
  const pages: (readonly string[])[] = [];
  for (let token: string | undefined = ''; token !== undefined; ) {
    const before = lists.read();
    const { vehicles, nextPageToken } = await lists.page({ text: '24999' }, token);
    expect(lists.read() - before).toBeLessThanOrEqual(10_000);
    pages.push(vehicles.map(({ vehicleId }) => vehicleId));
    token = nextPageToken || undefined;
  }
  expect(pages).toEqual([[], [], ['bus-24999']]);
});

test('a list gives every vehicle once, in pages that are full', async () => {
  const lists = openLists();
  const sizes: number[] = [];
  for (let token: string | undefined = ''; token !== undefined; ) {
    const page = await lists.page({}, token, 1_000);
    sizes.push(page.vehicles.length);
    token = page.nextPageToken || undefined;
  }
  expect(sizes).toEqual(Array.from({ length: 25 }, () => 1_000));
});

test.each(['fleet', 'tag', 'model', 'text'])(
  'a %s of more than 100 characters is refused by name',
  async (field) => {
    const lists = openLists();
    await expect(lists.page({ [field]: 'x'.repeat(101) })).rejects.toMatchObject({
      ...{ code: 'INVALID_INPUT', findings: [{ field, reason: 'TOO_LONG' }] },
    });
    expect((await lists.page({ [field]: 'x'.repeat(100) })).vehicles).toBeDefined();
  },
);

test('a page token with a long key is refused', async () => {
  const token = encodePageToken('vehicles', ['x'.repeat(101)]);
  await expect(openLists().page({}, token)).rejects.toMatchObject({ findings: [{ field: 'page_token' }] });
});
