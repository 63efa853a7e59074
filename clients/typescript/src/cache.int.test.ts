import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  CACHE_ANSWERS,
  CACHE_POSITION,
  type CacheScript,
  type ScriptedCache,
  startScriptedCache,
  watchMessages,
} from './cache.fixture.ts';
import { type Client, createClient } from './client.ts';
import type { Fault } from './fault.ts';
import { SampleOrder } from './generated/odograph/history/v1/vehicle_history.ts';
import { unavailable } from './server.fixture.ts';

let server: ScriptedCache | undefined;
let client: Client | undefined;

afterEach(() => {
  client?.close();
  server?.kill();
});

async function askCache(script: CacheScript = {}) {
  server = await startScriptedCache(script);
  client = createClient({ cache: server.endpoint });
  return { asking: client, cache: server };
}

const BOX = { southDeg: 1, westDeg: 2, northDeg: 3, eastDeg: 4 };
const CONDITIONS = {
  ...{ vehicleIds: ['bus-1'], fleet: 'north', tag: 'night', model: 'M', text: 'x' },
  ...{ box: BOX, includeRetired: true },
};

describe('the cache', () => {
  it('gives a status with its position and how old it may be', async () => {
    const { asking, cache } = await askCache();
    const [wanted] = CACHE_ANSWERS.get;
    expect(await asking.latestStatus('bus-1', { atLeast: CACHE_POSITION })).toEqual(wanted);
    expect(cache.asked).toEqual([{ vehicleId: 'bus-1', atLeast: CACHE_POSITION }]);
  });

  it('gives the statuses of all pages, or one page', async () => {
    const { asking, cache } = await askCache();
    const atLeast = [CACHE_POSITION];
    const statuses = await Array.fromAsync(asking.latestStatuses({ ...CONDITIONS, atLeast }));
    expect(statuses).toEqual(CACHE_ANSWERS.list.flatMap((page) => page.statuses));
    expect(await asking.latestStatusPage({ pageToken: '1' })).toEqual(CACHE_ANSWERS.list[1]);
    const asked = { conditions: CONDITIONS, pageSize: 1_000, atLeast };
    expect(cache.asked.slice(0, 2)).toEqual(['', '1'].map((pageToken) => ({ ...asked, pageToken })));
  });

  const RANGE = { fromMs: 1, toMs: 5 };

  it('gives the samples of all pages, or one page and how old it may be', async () => {
    const { asking, cache } = await askCache();
    const range = { ...RANGE, signals: ['speed_kmh'], atLeast: CACHE_POSITION };
    const samples = await Array.fromAsync(asking.cachedSamples('bus-1', range));
    expect(samples).toEqual(CACHE_ANSWERS.samples.flatMap(({ page }) => page?.samples));
    const last = { order: 'newest first', withTotal: true, pageSize: 7, pageToken: '1' } as const;
    expect(await asking.cachedSamplePage('bus-1', last)).toEqual(CACHE_ANSWERS.samples[1]);
    const asked = { vehicleId: 'bus-1', ...range, order: SampleOrder.OLDEST_FIRST, pageSize: 1_000 };
    expect(cache.asked).toEqual([
      ...['', '1'].map((pageToken) => ({ query: { ...asked, pageToken, withTotal: false } })),
      {
        query: {
          ...{ vehicleId: 'bus-1', fromMs: 0, toMs: 0, signals: [] },
          ...{ order: SampleOrder.NEWEST_FIRST, pageSize: 7, pageToken: '1', withTotal: true },
        },
      },
    ]);
  });

  it('gives a signal over a time range, with its position and how old it may be', async () => {
    const { asking, cache } = await askCache();
    expect(await asking.series('bus-1', 'speed_kmh', RANGE)).toEqual(CACHE_ANSWERS.series[0]);
    const options = { ...RANGE, points: 4, atLeast: CACHE_POSITION };
    expect(await asking.series('bus-1', 'speed_kmh', options)).toEqual(CACHE_ANSWERS.series[0]);
    const asked = { vehicleId: 'bus-1', signal: 'speed_kmh' };
    expect(cache.asked).toEqual([
      { ...asked, ...RANGE, points: 0 },
      { ...asked, ...options },
    ]);
  });

  it('gives a registration with its position and how old it may be', async () => {
    const { asking, cache } = await askCache();
    const [{ found, freshness } = {}] = CACHE_ANSWERS.vehicle;
    const answer = await asking.cachedVehicle('bus-1', { atLeast: CACHE_POSITION });
    expect(answer).toEqual({ ...found, freshness });
    expect(cache.asked).toEqual([{ query: { vehicleId: 'bus-1', atLeast: CACHE_POSITION } }]);
  });

  it('can be looked at and changed', async () => {
    const { asking, cache } = await askCache();
    expect(await asking.inspectCache('status:bus-1')).toEqual(CACHE_ANSWERS.inspect[0]);
    expect(await asking.invalidateCache({ tags: ['night'] })).toEqual({ isDegraded: true });
    expect(await Array.fromAsync(asking.warmCache({ fleet: 'north' }))).toEqual(CACHE_ANSWERS.warm);
    expect(await asking.cacheStats()).toEqual(CACHE_ANSWERS.stats[0]);
    expect(cache.asked).toEqual([
      { key: 'status:bus-1' },
      { keys: [], tags: ['night'], all: false },
      { vehicleIds: [], tag: '', fleet: 'north', lastHot: false },
      {},
    ]);
  });

  it.each<[string, (asking: Client) => Promise<unknown>]>([
    ['a status without its content, position or freshness', (asking) => asking.latestStatus('bus-1')],
    ['samples without their page or freshness', (asking) => asking.cachedSamplePage('bus-1')],
    ['a series without its position or freshness', (asking) => asking.series('bus-1', 'speed_kmh', RANGE)],
    ['a vehicle without its content, position or freshness', (asking) => asking.cachedVehicle('bus-1')],
  ])('fails when it sends %s', async (what, ask) => {
    const { asking, cache } = await askCache({ refusals: ['empty'] });
    const message = `the server sent ${what}`;
    await expect(ask(asking)).rejects.toMatchObject({ code: 'INTERNAL', message });
    expect(cache.asked).toHaveLength(1);
  });
});

describe('a watch', () => {
  it('asks for the same again after each disconnect, and says so', async () => {
    const { asking, cache } = await askCache({
      turns: [
        { messages: 2, end: unavailable('shutting down', 1) },
        { messages: 0, end: { code: status.RESOURCE_EXHAUSTED, message: 'too many', retryAfterMs: 2 } },
        { messages: 1, end: 'stay' },
      ],
    });
    const faults: [Fault['code'], number][] = [];
    const onDisconnect = ({ code }: Fault, retryInMs: number) => void faults.push([code, retryInMs]);
    const wanted = [...watchMessages(0, 2), ...watchMessages(2, 1)];
    const messages = [];
    for await (const message of asking.watchStatuses({ ...CONDITIONS, onDisconnect })) {
      messages.push(message);
      if (messages.length === wanted.length) break;
    }
    expect(messages).toEqual(wanted);
    expect(faults).toEqual([
      ['UNAVAILABLE', 1],
      ['OVERLOADED', 2],
    ]);
    expect(cache.watches).toEqual(Array.from({ length: 3 }, () => ({ conditions: CONDITIONS })));
  });

  it('that is left is ended at the server', async () => {
    const { asking, cache } = await askCache();
    for await (const _ of asking.watchStatuses()) break;
    expect(cache.watches).toHaveLength(1);
    await vi.waitFor(() => expect(cache.left).toEqual(cache.watches));
  });

  it('ends without an error when the signal comes while it waits to connect again', async () => {
    const abort = new AbortController();
    const { asking } = await askCache({ turns: [{ messages: 1, end: unavailable('away', 60_000) }] });
    const watching = asking.watchStatuses({ signal: abort.signal, onDisconnect: () => abort.abort() });
    expect(await Array.fromAsync(watching)).toEqual(watchMessages(0, 1));
  });

  it('ends without an error when the signal came before', async () => {
    const { asking, cache } = await askCache();
    expect(await Array.fromAsync(asking.watchStatuses({ signal: AbortSignal.abort() }))).toEqual([]);
    expect(cache.watches).toEqual([]);
  });
});
