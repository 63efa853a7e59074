import {
  RecordedSample,
  VehicleStatus,
} from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { signalsToWire } from '@odograph/contracts/signals';
import type { CallContext } from '@odograph/platform/grpc/handler';
import { expect, test } from 'vitest';
import { sampleBytes } from '../domain/samples/read-samples.ts';
import { MAX_OTHER_SIGNALS } from '../domain/signal-merge.ts';
import { status } from '../domain/status/status.ts';
import type { StatusSlice } from '../domain/status/status-slice.ts';
import type { ReadModel } from '../views/read-model.ts';
import type { ViewReader } from '../views/view-reader.ts';
import { MAX_ANSWER_BYTES } from './answer-bytes.ts';
import { statusQueries } from './status-queries.ts';

/** What gRPC clients take by default. */
const CLIENT_BYTES = 4 * 1024 * 1024;
/** The longest path and the longest text that ingest accepts, in characters of three bytes. */
const name = (at: number) => `Vehicle.${'A'.repeat(140)}.S${String(at).padStart(9, '0')}`;
const TEXT = '€'.repeat(256);
const SIGNALS = Object.fromEntries(Array.from({ length: MAX_OTHER_SIGNALS }, (_, at) => [name(at), TEXT]));

/** Lists of vehicles that all have as many and as long signals as a vehicle can have. */
function openLists(ids: readonly string[]) {
  const latest = new Map(
    Object.entries(SIGNALS).map(([each, value]) => [each, { value, observedAtMs: 2 ** 47, reportId: '' }]),
  );
  const slice: StatusSlice = { ...status.initial('', ''), latest, lastReceivedAtMs: 2 ** 47 };
  const reader = {
    positions: () => [],
    subjectsAfter: async (_: unknown, { after }: { readonly after: string }) =>
      ids.filter((id) => id > after),
    readEach: async (_: unknown, subjects: readonly string[]) =>
      subjects.map((subject) => ({ subject, slice, parked: undefined })),
  };
  const model = { projection: status } as ReadModel<StatusSlice>;
  const views = { reader: reader as unknown as ViewReader };
  return statusQueries({ partitionCount: 1, views, status: model });
}

test('a status with as much as a vehicle can have is a page of its own, and a client can take it', async () => {
  const { listStatus } = openLists(['a', 'b']);
  const call = { signal: new AbortController().signal } as CallContext;
  const any = { fleet: '', tag: '', model: '', text: '', includeRetired: false, atLeast: [] };
  const { statuses, nextPageToken } = await listStatus({ ...any, pageSize: 2, pageToken: '' }, call);
  expect(statuses.map(({ vehicleId }) => vehicleId)).toEqual(['a']);
  expect(nextPageToken).not.toBe('');
  const bytes = VehicleStatus.encode(statuses[0] as VehicleStatus).finish().length;
  expect(bytes).toBeGreaterThan(MAX_ANSWER_BYTES);
  expect(bytes).toBeLessThan(CLIENT_BYTES);
});

test('a sample with as many signals as a vehicle can have counts with at least its bytes, and a client can take it', () => {
  const sample = { observedAtMs: 2 ** 47, reportId: 'r'.repeat(128), signals: SIGNALS };
  const wire = { ...sample, signals: signalsToWire(SIGNALS) };
  const bytes = RecordedSample.encode(wire).finish().length;
  expect(sampleBytes(sample)).toBeGreaterThanOrEqual(bytes);
  expect(bytes).toBeLessThan(CLIENT_BYTES);
});
