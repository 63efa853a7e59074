import {
  ListSamplesRequest,
  ListSamplesResponse,
  SampleOrder,
} from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { SAMPLE_WINDOW_MS } from '@odograph/kernel/sample-window';
import type { Signals } from '@odograph/kernel/signal';
import { MAX_ANSWER_BYTES } from '@odograph/platform/grpc/answer-bytes';
import type { CallContext } from '@odograph/platform/grpc/handler';
import { expect, test } from 'vitest';
import { toBlock } from '../domain/samples/sample-block.ts';
import { windowKeyOf } from '../domain/samples/sample-window.ts';
import { type SamplesSlice, samples } from '../domain/samples/samples.ts';
import type { ReadModel } from '../views/read-model.ts';
import type { ReadModelStore } from '../views/read-model-store.ts';
import { storeInMemory } from '../views/stores.fixture.ts';
import type { KeyRange } from '../views/view.ts';
import type { ViewReader } from '../views/view-reader.ts';
import { PAGES_AT_ONCE, sampleQueries } from './sample-queries.ts';

/** All pages of windows of samples that are not stored yet, each a millisecond after the one before. */
function openSamples(windows: readonly (readonly Signals[])[]) {
  const slices = windows.map((contents, at): [string, SamplesSlice] => {
    const startMs = at * SAMPLE_WINDOW_MS;
    const loose = contents.map((signals, index) => ({
      ...{ observedAtMs: startMs + index, reportId: `r${at}/${index}` },
      signals,
    }));
    return [windowKeyOf(startMs), { ...samples.initial('bus-1', windowKeyOf(startMs)), loose }];
  });
  return openSlices(slices, storeInMemory());
}

const AT = { partition: 0, sequence: 1 };

/** All pages of these windows, each of which is read alone. */
function openSlices(
  slices: readonly (readonly [string, SamplesSlice])[],
  store: ReadModelStore,
  { signal } = new AbortController(),
) {
  const within = ({ from, to }: KeyRange) => slices.filter(([key]) => key >= from && key <= to);
  async function* stretches(_: unknown, __: string, keys: KeyRange) {
    for (const slice of within(keys)) yield { slices: new Map([slice]), position: AT };
  }
  async function* stretchesBack(_: unknown, __: string, keys: KeyRange) {
    for (const slice of within(keys).reverse()) yield { slices: new Map([slice]), position: AT };
  }
  const reader = { stretches, stretchesBack } as unknown as ViewReader;
  const model = { projection: samples, store } as ReadModel<SamplesSlice>;
  const { listSamples } = sampleQueries({ partitionCount: 1, views: { reader }, samples: model });
  const call = { signal } as CallContext;
  return async (request: Partial<ListSamplesRequest>) => {
    const pages: string[][] = [];
    for (let pageToken: string | undefined = ''; pageToken !== undefined; ) {
      const asked = ListSamplesRequest.create({ vehicleId: 'bus-1', pageSize: 1_000, ...request, pageToken });
      const page = await listSamples(asked, call);
      pages.push(page.samples.map(({ reportId }) => reportId));
      const bytes = ListSamplesResponse.encode(page).finish().length;
      if (page.samples.length > 1) expect(bytes).toBeLessThanOrEqual(MAX_ANSWER_BYTES);
      pageToken = page.nextPageToken || undefined;
    }
    return pages;
  };
}

test('of a window with very many documents, a page reads the blocks that it needs', async () => {
  const store = storeInMemory();
  const blocks = Array.from({ length: 200 }, (_, at) => toBlock([sampleAt(2 * at), sampleAt(2 * at + 1)]));
  const documents = [{ full: 200, pieces: [] }, ...blocks];
  const key = windowKeyOf(0);
  await store.save([{ subject: 'bus-1', key, includes: { s: 1, i: 0 }, documents, isNew: true }]);
  const heads = blocks.map(({ data: _, ...head }, at) => ({ ...head, n: at + 1 }));
  const slice = samples.fromDocuments('bus-1', key, [{ full: 200, pieces: [] }, ...heads]);
  const read: number[] = [];
  const loadDocument: ReadModelStore['loadDocument'] = (subject, window, n) => {
    read.push(n);
    return store.loadDocument(subject, window, n);
  };
  const list = openSlices([[key, slice]], { ...store, loadDocument });
  const [first, second] = await list({ pageSize: 3 });
  expect([first, second]).toEqual([
    ['r0', 'r1', 'r2'],
    ['r3', 'r4', 'r5'],
  ]);
  expect(read.slice(0, 5)).toEqual([1, 2, 2, 3, 4]);
  await store.removeAbove(0, () => true, new AbortController().signal);
  await expect(list({})).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

const sampleAt = (at: number) => ({ observedAtMs: at, reportId: `r${at}`, signals: { speed_kmh: at } });

const ORDERS = [SampleOrder.OLDEST_FIRST, SampleOrder.NEWEST_FIRST];

test.each(ORDERS)(
  'pages of few signals of large samples have every sample once (order %s)',
  async (order) => {
    const others = Object.fromEntries(
      Array.from({ length: 2_000 }, (_, at) => [`Vehicle.S${at}`, 'x'.repeat(30)]),
    );
    const large = { ...others, speed_kmh: 1 };
    const listAll = openSamples([Array(30).fill(large), Array(3).fill(large)]);
    const wanted = [...Array(30).keys()].map((at) => `r0/${at}`).concat(['r1/0', 'r1/1', 'r1/2']);
    if (order === SampleOrder.NEWEST_FIRST) wanted.reverse();
    const pages = await listAll({ order });
    expect(pages.flat()).toEqual(wanted);
    expect(pages.length).toBeGreaterThan(1);
    expect(await listAll({ order, signals: ['speed_kmh'] })).toEqual([wanted]);
  },
);

test.each(ORDERS)(
  'a sample that is larger than a page is followed by the next one (order %s)',
  async (order) => {
    const whole = Object.fromEntries(
      Array.from({ length: 2_000 }, (_, at) => [`Vehicle.S${at}`, 'x'.repeat(250)]),
    );
    const listAll = openSamples([
      [{ speed_kmh: 1 }, whole, { speed_kmh: 2 }, whole],
      [whole, { speed_kmh: 3 }],
    ]);
    const wanted = ['r0/0', 'r0/1', 'r0/2', 'r0/3', 'r1/0', 'r1/1'];
    if (order === SampleOrder.NEWEST_FIRST) wanted.reverse();
    expect((await listAll({ order })).flat()).toEqual(wanted);
  },
);

const MANY = 50_000;

/** A number of windows that have samples, all together {@link MANY}. Calls back when the time of one is read. */
function manySamples(windows: number, onRead: (at: number) => void): [string, SamplesSlice][] {
  const samplesEach = MANY / windows;
  return Array.from({ length: windows }, (_, window) => {
    const startMs = window * SAMPLE_WINDOW_MS;
    const loose = Array.from({ length: samplesEach }, (__, index) => ({
      get observedAtMs() {
        onRead(window * samplesEach + index);
        return startMs + index;
      },
      ...{ reportId: `r${index}`, signals: { speed_kmh: 1 } },
    }));
    return [windowKeyOf(startMs), { ...samples.initial('bus-1', windowKeyOf(startMs)), loose }];
  });
}

test.each([
  ['a page of a window of very many samples', 1, false],
  ['a total of a window of very many samples', 1, true],
  ['a total of very many windows', MANY, true],
])('%s ends when its caller has left or its deadline is over', async (_, windows, withTotal) => {
  const leaving = new AbortController();
  let isReached = !withTotal;
  let furthest = 0;
  const onRead = (at: number) => {
    // The page with the last sample is read first, then all are counted.
    if (at === MANY - 1) isReached = true;
    if (at === MANY / 2 && isReached) leaving.abort(new Error('left'));
    if (leaving.signal.aborted) furthest = Math.max(furthest, at);
  };
  const list = openSlices(manySamples(windows, onRead), storeInMemory(), leaving);
  const order = SampleOrder.NEWEST_FIRST;
  await expect(list({ withTotal, pageSize: 1, order })).rejects.toThrow('left');
  expect(furthest).toBeLessThan(MANY / 2 + 2_000);
});

test('a signal that is named many times is looked up once in each sample', async () => {
  const readsOf = async (names: number) => {
    let reads = 0;
    const sample: Signals = Object.defineProperty({}, 'odometer_km', {
      get: () => {
        reads += 1;
        return undefined;
      },
    });
    await openSamples([[sample, sample]])({ signals: Array(names).fill('odometer_km') });
    return reads;
  };
  expect(await readsOf(1)).toBeGreaterThan(0);
  expect(await readsOf(256)).toBe(await readsOf(1));
});

test('an order that the contract does not have is refused', async () => {
  const order = 9 as SampleOrder;
  await expect(openSamples([])({ order })).rejects.toMatchObject({
    findings: [{ field: 'order', reason: 'UNKNOWN_ORDER' }],
  });
});

test('a bounded number of pages is read at once, and a client leaves room for others', async () => {
  let reading = 0;
  async function* stretches() {
    reading += 1;
    await new Promise(() => undefined);
    yield { slices: new Map() };
  }
  const deps = { reader: { stretches } as unknown as ViewReader };
  const model = { projection: samples, store: storeInMemory() } as ReadModel<SamplesSlice>;
  const { listSamples } = sampleQueries({ partitionCount: 1, views: deps, samples: model });
  const ask = async (client: string) => {
    const call = { client, signal: new AbortController().signal } as CallContext;
    for (let at = 0; at < 100; at += 1)
      void listSamples(ListSamplesRequest.create({ vehicleId: 'bus-1' }), call);
    await new Promise(setImmediate);
  };
  await ask('hostile');
  expect(reading).toBe(PAGES_AT_ONCE / 4);
  await ask('another');
  expect(reading).toBe(PAGES_AT_ONCE / 2);
});
