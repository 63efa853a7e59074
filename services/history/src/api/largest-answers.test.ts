import {
  ListParkedRequest,
  ListParkedResponse,
} from '@odograph/contracts/generated/odograph/history/v1/projections';
import {
  ListStatusResponse,
  RecordedSample,
  VehicleStatus,
} from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import {
  ListRequest,
  ListResponse,
} from '@odograph/contracts/generated/odograph/history/v1/vehicle_registry';
import { signalsToWire } from '@odograph/contracts/signals';
import { CAPABILITIES } from '@odograph/kernel/registration';
import type { Signals } from '@odograph/kernel/signal';
import { MAX_ANSWER_BYTES } from '@odograph/platform/grpc/answer-bytes';
import type { CallContext, GrpcService, UnaryMethod } from '@odograph/platform/grpc/handler';
import { MAX_OTHER_SIGNALS } from '@odograph/projections/signal-merge';
import { status } from '@odograph/projections/status';
import type { StatusSlice } from '@odograph/projections/status-slice';
import { expect, test } from 'vitest';
import type { RegistrationAggregate } from '../domain/registration/registration-projection.ts';
import { sampleBytes } from '../domain/samples/read-samples.ts';
import type { ReadModel } from '../views/read-model.ts';
import type { SubjectsAfter } from '../views/subject-pages.ts';
import type { ViewReader } from '../views/view-reader.ts';
import type { Views } from '../views/views.ts';
import { createParkedList } from './parked-list.ts';
import { projectionsService } from './projections-service.ts';
import { statusQueries } from './status-queries.ts';
import { vehicleRegistryService } from './vehicle-registry-service.ts';

/** What gRPC clients take by default. */
const CLIENT_BYTES = 4 * 1024 * 1024;
/** The longest path and the longest text that ingest accepts, in characters of three bytes. */
const name = (at: number) => `Vehicle.${'A'.repeat(140)}.S${String(at).padStart(9, '0')}`;
const TEXT = '€'.repeat(256);
const SIGNALS = Object.fromEntries(Array.from({ length: MAX_OTHER_SIGNALS }, (_, at) => [name(at), TEXT]));

const IDS = Array.from({ length: 1_000 }, (_, at) => `bus-${String(at).padStart(4, '0')}${'x'.repeat(56)}`);

const call = { signal: new AbortController().signal, client: 'me' } as CallContext;

/** A fleet in which each vehicle has the same status. */
function openFleet(ids: readonly string[], content: Partial<StatusSlice>) {
  const slice: StatusSlice = { ...status.initial('', ''), ...content, lastReceivedAtMs: 2 ** 47 };
  const reader = {
    positions: () => [],
    subjectsAfter: async (_: unknown, { after, limit }: SubjectsAfter) =>
      ids.filter((id) => id > after).slice(0, limit),
    readEach: async (_: unknown, subjects: readonly string[]) =>
      subjects.map((subject) => ({
        subject,
        slice,
        position: { partition: 0, sequence: 9 },
        parked: undefined,
      })),
  };
  const model = { projection: status } as ReadModel<StatusSlice>;
  return { partitionCount: 1, views: { reader: reader as unknown as ViewReader }, status: model };
}

function latestOf(signals: Signals) {
  const latest = Object.entries(signals).map(
    ([each, value]) => [each, { value, observedAtMs: 2 ** 47, reportId: '' }] as const,
  );
  return new Map(latest);
}

/** Lists of vehicles that all have as many and as long signals as a vehicle can have. */
function openLists(ids: readonly string[]) {
  return statusQueries(openFleet(ids, { latest: latestOf(SIGNALS) }));
}

/** All pages of a list of a service, each of at most a thousand entries. */
async function pagesOf<Response extends { readonly nextPageToken: string }>(
  { implementation }: GrpcService,
  method: string,
  create: (page: { readonly pageSize: number; readonly pageToken: string }) => unknown,
): Promise<readonly Response[]> {
  const { handler } = implementation[method] as UnaryMethod<unknown, Response>;
  const pages: Response[] = [];
  let pageToken = '';
  do {
    const page = await handler(create({ pageSize: 1_000, pageToken }), call);
    pages.push(page);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return pages;
}

test('a status with as much as a vehicle can have is a page of its own, and a client can take it', async () => {
  const { listStatus } = openLists(['a', 'b']);
  const any = {
    fleet: '',
    tag: '',
    model: '',
    text: '',
    includeRetired: false,
    atLeast: [],
    withState: false,
    vehicleIds: [],
  };
  const { statuses, nextPageToken } = await listStatus({ ...any, pageSize: 2, pageToken: '' }, call);
  expect(statuses.map(({ vehicleId }) => vehicleId)).toEqual(['a']);
  expect(nextPageToken).not.toBe('');
  const bytes = VehicleStatus.encode(statuses[0] as VehicleStatus).finish().length;
  expect(bytes).toBeGreaterThan(MAX_ANSWER_BYTES);
  expect(bytes).toBeLessThan(CLIENT_BYTES);
});

test('pages of statuses with a thousand signals each have at most a mebibyte, and every vehicle once', async () => {
  const ids = IDS.slice(0, 130);
  const signals = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, at) => [`Vehicle.Cabin.Seat.Row${at}.Position`, at]),
  );
  const { listStatus } = statusQueries(openFleet(ids, { latest: latestOf(signals) }));
  const any = {
    fleet: '',
    tag: '',
    model: '',
    text: '',
    includeRetired: false,
    atLeast: [],
    withState: false,
    vehicleIds: [],
  };
  const pages: ListStatusResponse[] = [];
  for (let pageToken: string | undefined = ''; pageToken !== undefined; ) {
    const page = await listStatus({ ...any, pageSize: 1_000, pageToken }, call);
    pages.push(page);
    pageToken = page.nextPageToken || undefined;
  }
  expect(pages.flatMap(({ statuses }) => statuses.map(({ vehicleId }) => vehicleId))).toEqual(ids);
  const sizes = pages.map((page) => ListStatusResponse.encode(page).finish().length);
  expect(sizes.length).toBeGreaterThan(1);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX_ANSWER_BYTES);
});

test('a sample with as many signals as a vehicle can have counts with at least its bytes, and a client can take it', () => {
  const sample = { observedAtMs: 2 ** 47, reportId: 'r'.repeat(128), signals: SIGNALS };
  const wire = { ...sample, signals: signalsToWire(SIGNALS) };
  const bytes = RecordedSample.encode(wire).finish().length;
  expect(sampleBytes(sample)).toBeGreaterThanOrEqual(bytes);
  expect(bytes).toBeLessThan(CLIENT_BYTES);
});

test('pages of the largest registrations have at most a mebibyte, and every vehicle once', async () => {
  const value = {
    ...{ fleet: 'f'.repeat(64), model: '€'.repeat(100), displayName: '\u{1f68c}'.repeat(100) },
    tags: Array.from({ length: 32 }, (_, at) => String(at).padEnd(32, 't')),
    ...{ capabilities: CAPABILITIES, vin: '1M8GDM9AXKP042788', units: 'metric' as const },
  };
  const service = vehicleRegistryService({
    ...openFleet(IDS, { registration: { value, version: 2 ** 31 } }),
    registration: {} as ReadModel<RegistrationAggregate>,
    decisions: { admit: () => undefined },
    decideRegistration: () => Promise.reject(new Error('nothing is decided')),
  });
  const pages = await pagesOf<ListResponse>(service, 'list', (page) => ListRequest.create(page));
  expect(pages.flatMap(({ vehicles }) => vehicles.map(({ vehicleId }) => vehicleId))).toEqual(IDS);
  const sizes = pages.map((page) => ListResponse.encode(page).finish().length);
  expect(sizes.length).toBeGreaterThan(1);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX_ANSWER_BYTES);
});

test('pages of parked events with long reasons have at most a mebibyte, and every event once', async () => {
  const position = { partition: 0, sequence: 2 ** 40, index: 1_999 };
  const parked = IDS.map((subject) => ({
    ...{ projection: 'status', subject, position },
    reason: '€'.repeat(2_000),
  }));
  const stored = { partition: 0, projection: 'status', sequence: 1, parked };
  const views = {
    checkpoints: { read: async () => new Map([['status', stored]]) },
    flushNow: async () => undefined,
  } as unknown as Views;
  const parkedList = createParkedList({ partitionCount: 1, views });
  const releaseParked = () => Promise.reject(new Error('nothing is released'));
  const service = projectionsService({ parkedList, decisions: { admit: () => undefined }, releaseParked });
  const pages = await pagesOf<ListParkedResponse>(service, 'listParked', (page) =>
    ListParkedRequest.create(page),
  );
  expect(pages.flatMap((page) => page.parked.map(({ vehicleId }) => vehicleId))).toEqual(IDS);
  const sizes = pages.map((page) => ListParkedResponse.encode(page).finish().length);
  expect(sizes.length).toBeGreaterThan(1);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX_ANSWER_BYTES);
});
