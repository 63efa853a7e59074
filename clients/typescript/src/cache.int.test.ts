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

  it('fails when it sends a status without its content', async () => {
    const { asking, cache } = await askCache({ refusals: ['empty'] });
    await expect(asking.latestStatus('bus-1')).rejects.toMatchObject({
      code: 'INTERNAL',
      message: 'the server sent a status without its content, position or freshness',
    });
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
