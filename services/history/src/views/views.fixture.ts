import type { TestPublisher } from '@odograph/event-log/publisher.fixture';
import { silentLogger } from '@odograph/platform/logger';
import { startTestNats } from '@odograph/testing/engines';
import { eventually } from '@odograph/testing/eventually';
import { expect, vi } from 'vitest';
import { openTestLog, reported } from '../log/log.fixture.ts';
import type { ViewSettings } from './partition-view.ts';
import { type Totals, totalsProjection } from './totals.fixture.ts';
import { readModelOf, startViews } from './views.ts';

const NEVER = 3_600_000;

/** A log with a writer, and the views of a process that does not write: it hears of what is new by broadcasts. */
export async function openTestViews({
  settings = {} as Partial<ViewSettings>,
  isOwner = (): boolean => true,
} = {}) {
  const nats = await startTestNats();
  const log = await openTestLog(nats);
  const writer = await log.writer('one');
  const publisher = await log.publisher();
  await eventually(() => expect(publisher.partitionCount()).toBe(1));
  const projection = totalsProjection();
  const model = readModelOf(log.mongo.db, projection);
  const listen = await log.listen();
  const metrics = { flushed: () => undefined, retried: () => undefined, healed: vi.fn() };
  const start = (owner = isOwner, overrides: Partial<ViewSettings> = {}) =>
    startViews({
      partitionCount: 1,
      database: log.mongo.db,
      log: log.reader,
      listen,
      models: [model],
      stopping: new AbortController().signal,
      isOwner: owner,
      settings: {
        flushIntervalMs: NEVER,
        flushBytes: 16 * 1024 * 1024,
        cacheBytes: 1024 * 1024,
        ...settings,
        ...overrides,
      },
      metrics,
      logger: silentLogger,
    });
  const stored = async () => (await model.store.load([{ subject: 'bus-1', key: 'all' }]))[0]?.documents[0];
  return {
    nats,
    log,
    writer,
    publisher,
    projection,
    model,
    start,
    stored,
    heals: () => metrics.healed.mock.calls.length,
    async [Symbol.asyncDispose]() {
      await log[Symbol.asyncDispose]();
      await nats[Symbol.asyncDispose]();
    },
  };
}

/** Reports of `bus-1`; gives the last position. */
export async function append(publisher: TestPublisher, ...speeds: number[]) {
  const events = speeds.map((speedKmh) => {
    const reportId = `r${Math.random()}`;
    return reported({ vehicleId: 'bus-1', reportId, observedAtMs: 1_700_000_000_000, speedKmh });
  });
  const positions = await Promise.all(events.map((event) => publisher.append([event], Date.now() + 10_000)));
  return positions.at(-1) as (typeof positions)[number];
}

type TestViews = Awaited<ReturnType<typeof openTestViews>>;
type Views = Awaited<ReturnType<TestViews['start']>>;

/** The vehicle's totals as a query sees them at a position. */
export async function totalsAt(
  { model }: Pick<TestViews, 'model'>,
  views: Views,
  position: { partition: number; sequence: number },
) {
  await views.reader.reach(model, position, AbortSignal.timeout(10_000));
  const view = await views.reader.read(model, 'bus-1', 'all');
  return { totals: view.slices.get('all') as Totals | undefined, parked: view.parked?.position };
}
