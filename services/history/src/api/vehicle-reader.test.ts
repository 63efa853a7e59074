import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { Position } from '@odograph/kernel/position';
import type { CallContext } from '@odograph/platform/grpc/handler';
import { status } from '@odograph/projections/status';
import type { StatusFilter } from '@odograph/projections/status-filter';
import type { StatusSlice } from '@odograph/projections/status-slice';
import { expect, test } from 'vitest';
import type { ReadModel } from '../views/read-model.ts';
import type { SubjectsAfter } from '../views/subject-pages.ts';
import type { ViewReader } from '../views/view-reader.ts';
import { vehiclePages } from './vehicle-reader.ts';

const FLEET_SIZE = 25_000;
const IDS = Array.from({ length: FLEET_SIZE }, (_, at) => `bus-${String(at).padStart(5, '0')}`);
const READING = { value: 1, observedAtMs: 1, reportId: '' };
const ANY = { fleet: '', tag: '', model: '', text: '', includeRetired: false };

interface Fleet {
  readonly fleetSize?: number;
  readonly signals?: number;
  readonly bytesOf?: () => number;
  /** Awaited by each read. */
  readonly reading?: Promise<void>;
  /** What each read includes; the head is 9. */
  readonly readAt?: number;
}

/** The lists of a fleet in which every vehicle has reported; records how many were read at once. */
function openLists({
  fleetSize = FLEET_SIZE,
  signals = 0,
  bytesOf = () => 100,
  reading,
  readAt = 9,
}: Fleet = {}) {
  const latest = new Map(Array.from({ length: signals }, (_, at) => [`Vehicle.S${at}`, READING] as const));
  const slice: StatusSlice = { ...status.initial('', ''), latest, lastReceivedAtMs: 5 };
  const ids = IDS.slice(0, fleetSize);
  const reads: number[] = [];
  let [atOnce, mostAtOnce] = [0, 0];
  const reader = {
    positions: () => [{ partition: 0, sequence: 9 }],
    reach: async () => undefined,
    async subjectsAfter(_: unknown, { after, limit }: SubjectsAfter) {
      const from = ids.findIndex((id) => id > after);
      return from < 0 ? [] : ids.slice(from, from + limit);
    },
    async readEach(_: unknown, subjects: readonly string[]) {
      reads.push(subjects.length);
      atOnce += 1;
      mostAtOnce = Math.max(mostAtOnce, atOnce);
      await reading;
      atOnce -= 1;
      const position = { partition: 0, sequence: readAt };
      return subjects.map((subject) => ({ subject, slice, position, parked: undefined }));
    },
  };
  const views = { reader: reader as unknown as ViewReader };
  const model = { projection: status } as ReadModel<StatusSlice>;
  const list = { name: 'vehicles', bytesOf };
  const readPage = vehiclePages({ partitionCount: 1, views, status: model }, list);
  const page = (
    filter: Partial<StatusFilter>,
    pageToken = '',
    pageSize = 0,
    { client = 'me', signal = new AbortController().signal, deadlineAtMs }: Partial<CallContext> = {},
    atLeast: readonly Position[] = [],
  ) =>
    readPage({ ...ANY, ...filter, pageSize, pageToken, atLeast }, {
      client,
      signal,
      deadlineAtMs,
    } as CallContext);
  return {
    reads: () => reads,
    mostAtOnce: () => mostAtOnce,
    page,
    async allPages(filter: Partial<StatusFilter>, pageSize: number) {
      const pages: (readonly string[])[] = [];
      for (let token: string | undefined = ''; token !== undefined; ) {
        const { vehicles, nextPageToken } = await page(filter, token, pageSize);
        pages.push(vehicles.map(({ vehicleId }) => vehicleId));
        token = nextPageToken || undefined;
      }
      return pages;
    },
  };
}

test('a page says what its vehicles include, if the view falls behind while they are read', async () => {
  const { positions } = await openLists({ fleetSize: 3, readAt: 5 }).page({});
  expect(positions).toEqual([{ partition: 0, sequence: 5 }]);
  expect((await openLists({ fleetSize: 3 }).page({})).positions).toEqual([{ partition: 0, sequence: 9 }]);
});

test('a page that does not include what was asked for is refused, and may be asked for again', async () => {
  const atLeast = [{ partition: 0, sequence: 8, index: 0 }];
  const lists = openLists({ fleetSize: 3, readAt: 5 });
  const soon = { deadlineAtMs: Date.now() + 60_000 };
  await expect(lists.page({}, '', 0, soon, atLeast)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect((await openLists({ fleetSize: 3 }).page({}, '', 0, soon, atLeast)).vehicles).toHaveLength(3);
});

test('a page ends after ten thousand vehicles, perhaps without one, and the next goes on behind them', async () => {
  const lists = openLists();
  expect(await lists.allPages({ text: '24999' }, 50)).toEqual([[], [], ['bus-24999']]);
});

test('a list gives every vehicle once, in pages that are full', async () => {
  const pages = await openLists().allPages({}, 1_000);
  expect(pages.map(({ length }) => length)).toEqual(Array(25).fill(1_000));
  expect(pages.flat()).toEqual(IDS);
});

test('a page has at most 1,000 vehicles, however many are asked for', async () => {
  expect((await openLists().page({}, '', 5_000)).vehicles).toHaveLength(1_000);
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

test('a page token of another query is refused', async () => {
  const { nextPageToken } = await openLists().page({ fleet: 'north' });
  await expect(openLists().page({ fleet: 'south' }, nextPageToken)).rejects.toMatchObject({
    findings: [{ field: 'page_token', description: expect.stringContaining('this query') }],
  });
});

test('a page ends at a mebibyte with a token, and the pages have every vehicle once', async () => {
  const lists = openLists({ fleetSize: 130, bytesOf: () => 100_000, signals: 1_000 });
  const pages = await lists.allPages({}, 1_000);
  expect(pages.map(({ length }) => length)).toEqual([...Array(13).fill(10)]);
  expect(pages.flat()).toEqual(IDS.slice(0, 130));
});

test('a vehicle that is larger than a page is a page', async () => {
  const pages = await openLists({ fleetSize: 3, bytesOf: () => 2_500_000 }).allPages({}, 1_000);
  expect(pages).toEqual(IDS.slice(0, 3).map((id) => [id]));
});

test('vehicles with very many signals are read a few at a time', async () => {
  const lists = openLists({ signals: 2_000 });
  await lists.page({ text: 'none of them' });
  expect(Math.max(...lists.reads())).toBe(51);
  expect(lists.reads().at(-1)).toBe(50);
});

test('lists read a bounded number of vehicles at once, and a client leaves room for others', async () => {
  const reading = Promise.withResolvers<void>();
  const leaving = new AbortController();
  const { page, reads } = openLists({ reading: reading.promise });
  const pages = Array.from({ length: 20 }, () => page({}));
  const left = page({}, '', 0, { signal: leaving.signal });
  await yieldToEventLoop();
  expect(reads()).toEqual([51, 51, 51]);
  pages.push(page({}, '', 0, { client: 'other' }));
  await yieldToEventLoop();
  expect(reads()).toEqual([51, 51, 51, 51]);
  leaving.abort(new Error('left'));
  reading.resolve();
  await expect(left).rejects.toThrow('left');
  for (const each of pages) expect((await each).vehicles).toHaveLength(50);
  expect(reads()).toEqual(Array(21).fill(51));
});

test('lists of small vehicles, which hardly any of them matches, are read a few at a time too', async () => {
  const { page, mostAtOnce } = openLists({ reading: yieldToEventLoop() });
  await Promise.all(Array.from({ length: 60 }, () => page({ text: 'no such vehicle' })));
  expect(mostAtOnce()).toBe(8);
});
