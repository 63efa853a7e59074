import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { type Client, createClient } from './client.ts';
import { ProjectionsService } from './generated/odograph/history/v1/projections.ts';
import {
  SampleOrder,
  VehicleHistoryService,
  VehicleStatus,
} from './generated/odograph/history/v1/vehicle_history.ts';
import { everyPage } from './history.ts';
import { type Refusal, serviceError, startServer, type TestServer, unavailable } from './server.fixture.ts';

let server: TestServer | undefined;
let client: Client | undefined;

afterEach(() => {
  client?.close();
  server?.kill();
});

interface Call {
  readonly method: string;
  readonly request: { readonly pageToken?: string };
  readonly traceparents: readonly unknown[];
}

const POSITION = { partition: 0, sequence: 12, index: 3 };
const statusOf = (vehicleId: string) => VehicleStatus.create({ vehicleId, fleet: 'default' });
const sampleOf = (observedAtMs: number) => ({
  observedAtMs,
  reportId: `r${observedAtMs}`,
  signals: undefined,
});
const parkedOf = (vehicleId: string) => ({
  projection: 'status',
  vehicleId,
  position: POSITION,
  reason: 'odd',
});

/** Answers of each method by page; undefined in place of an answer is sent as an empty message. */
const ANSWERS: Readonly<Record<string, readonly unknown[]>> = {
  getStatus: [{ status: statusOf('bus-1'), position: POSITION, projectionVersion: 3 }],
  listStatus: [
    { statuses: [statusOf('bus-1')], nextPageToken: '1', positions: [POSITION], projectionVersion: 3 },
    { statuses: [], nextPageToken: '2', positions: [POSITION], projectionVersion: 3 },
    { statuses: [statusOf('bus-2')], nextPageToken: '', positions: [POSITION], projectionVersion: 3 },
  ],
  listSamples: [
    { samples: [1, 2].map(sampleOf), nextPageToken: '1', position: POSITION },
    { samples: [sampleOf(3)], nextPageToken: '', position: POSITION, total: 3 },
  ],
  listParked: [
    { parked: [parkedOf('bus-1')], nextPageToken: '1' },
    { parked: [parkedOf('bus-2')], nextPageToken: '' },
  ],
  retryParked: [{ position: POSITION }],
  dropParked: [{ position: POSITION }],
};

/** A history that refuses the first calls as given, and then answers. */
async function askHistory(refusals: readonly (Refusal | 'empty')[] = []) {
  const calls: Call[] = [];
  const handlers = Object.fromEntries(
    Object.entries(ANSWERS).map(([method, pages]) => [
      method,
      (
        { request, metadata }: ServerUnaryCall<Call['request'], unknown>,
        callback: sendUnaryData<unknown>,
      ) => {
        const refusal = refusals[calls.length];
        calls.push({ method, request, traceparents: metadata.get('traceparent') });
        if (refusal === 'empty') callback(null, Buffer.alloc(0));
        else if (refusal) callback(serviceError(refusal));
        else callback(null, pages[Number(request.pageToken ?? 0)]);
      },
    ]),
  );
  server = await startServer([
    [VehicleHistoryService, handlers],
    [ProjectionsService, handlers],
  ]);
  client = createClient({ history: server.endpoint });
  return { asking: client, calls };
}

describe('queries', () => {
  it('give the status of a vehicle at a position', async () => {
    const { asking, calls } = await askHistory();
    const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
    const answer = await asking.status('bus-1', { atLeast: POSITION, traceparent });
    expect(answer).toMatchObject({ status: { vehicleId: 'bus-1' }, position: POSITION });
    expect(calls).toMatchObject([
      { request: { vehicleId: 'bus-1', atLeast: POSITION }, traceparents: [traceparent] },
    ]);
  });

  it('give the statuses of all pages', async () => {
    const { asking, calls } = await askHistory();
    const statuses = await Array.fromAsync(asking.statuses({ fleet: 'depot', atLeast: [POSITION] }));
    expect(statuses.map(({ vehicleId }) => vehicleId)).toEqual(['bus-1', 'bus-2']);
    const asked = { fleet: 'depot', pageSize: 1_000, atLeast: [POSITION] };
    expect(calls.map(({ request }) => request)).toMatchObject(
      ['', '1', '2'].map((pageToken) => ({ ...asked, pageToken })),
    );
  });

  it('give the samples of all pages, or one page with the total', async () => {
    const { asking, calls } = await askHistory();
    const range = { fromMs: 1, toMs: 9, signals: ['speed_kmh'], pageSize: 2, atLeast: POSITION };
    const samples = await Array.fromAsync(asking.samples('bus-1', range));
    expect(samples.map(({ observedAtMs }) => observedAtMs)).toEqual([1, 2, 3]);
    const page = await asking.samplePage('bus-1', { ...range, pageToken: '1', withTotal: true });
    await asking.samplePage('bus-1', { order: 'newest first' });
    expect(calls.pop()?.request).toMatchObject({ order: SampleOrder.NEWEST_FIRST });
    expect(page).toMatchObject({ total: 3, position: POSITION });
    const asked = { vehicleId: 'bus-1', ...range, withTotal: false, order: SampleOrder.OLDEST_FIRST };
    expect(calls.map(({ request }) => request)).toEqual([
      { ...asked, pageToken: '' },
      { ...asked, pageToken: '1' },
      { ...asked, pageToken: '1', withTotal: true },
    ]);
  });

  it('ask for no further page than the caller takes', async () => {
    const { asking, calls } = await askHistory();
    for await (const _ of asking.statuses()) break;
    expect(calls).toHaveLength(1);
  });

  it('give whole pages to a caller that needs their positions', async () => {
    const { asking } = await askHistory();
    const pages = await Array.fromAsync(everyPage((pageToken) => asking.statusPage({ pageToken })));
    expect(pages.map(({ positions }) => positions)).toEqual([[POSITION], [POSITION], [POSITION]]);
  });

  it('are tried again, from the page that failed, when history is away or full', async () => {
    const full = { code: status.RESOURCE_EXHAUSTED, message: 'too many calls', retryAfterMs: 1 };
    const { asking, calls } = await askHistory([unavailable('starting', 1), full]);
    expect(await Array.fromAsync(asking.samples('bus-1'))).toHaveLength(3);
    expect(calls.map(({ request }) => request.pageToken)).toEqual(['', '', '', '1']);
  });

  it.each<[string, status]>([
    ['NOT_FOUND', status.NOT_FOUND],
    ['DEADLINE', status.DEADLINE_EXCEEDED],
    ['INVALID_INPUT', status.INVALID_ARGUMENT],
  ])('fail at once with %s', async (code, grpcStatus) => {
    const { asking, calls } = await askHistory([{ code: grpcStatus, message: 'no' }]);
    await expect(asking.status('bus-9')).rejects.toMatchObject({ code, message: 'no' });
    expect(calls).toHaveLength(1);
  });

  it('fail when the answer has no content', async () => {
    const { asking } = await askHistory(['empty']);
    await expect(asking.status('bus-1')).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('end with the signal while they wait for a retry', async () => {
    const { asking, calls } = await askHistory([unavailable('away', 20_000)]);
    const call = asking.status('bus-1', { signal: AbortSignal.timeout(100) });
    await expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(calls).toHaveLength(1);
  });
});

describe('parked events', () => {
  it('are listed over all pages', async () => {
    const { asking } = await askHistory();
    const parked = await Array.fromAsync(asking.parkedEvents());
    expect(parked).toEqual([parkedOf('bus-1'), parkedOf('bus-2')]);
  });

  it('are retried and dropped, and the decision has a position', async () => {
    const { asking, calls } = await askHistory();
    expect(await asking.retryParked('status', 'bus-1')).toEqual(POSITION);
    expect(await asking.dropParked('samples', 'bus-2')).toEqual(POSITION);
    expect(calls).toMatchObject([
      { method: 'retryParked', request: { projection: 'status', vehicleId: 'bus-1' } },
      { method: 'dropParked', request: { projection: 'samples', vehicleId: 'bus-2' } },
    ]);
  });

  it('are decided about once: a lost answer may mean that the decision is made', async () => {
    const { asking, calls } = await askHistory([unavailable('away', 1)]);
    await expect(asking.dropParked('status', 'bus-1')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(calls).toHaveLength(1);
  });
});
