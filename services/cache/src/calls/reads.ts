import { POLICIES } from '@odograph/cache/policies';
import type { Client } from '@odograph/client';
import {
  GetSeriesRequest,
  GetSeriesResponse,
} from '@odograph/contracts/generated/odograph/cache/v1/cached_history';
import {
  ListSamplesRequest,
  ListSamplesResponse,
  SampleOrder,
} from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { GetRequest, GetResponse } from '@odograph/contracts/generated/odograph/history/v1/vehicle_registry';
import { invalid } from '@odograph/platform/grpc/request-checks';
import { isClosed } from '../domain/outdating.ts';
import { SHARES } from '../kept/shares.ts';
import type { CachedCalls } from './cached-calls.ts';
import { readSeries } from './read-series.ts';

/** What is asked of history: its own retries would only make a caller wait who can ask again. */
const ONCE = { maxAttempts: 1 };

/** The reads of history whose answers are kept. */
export function cachedReads(calls: CachedCalls, client: Client) {
  return {
    listSamples: calls.add({
      ...{
        name: 'samples',
        policy: POLICIES.samples,
        share: SHARES.samples,
        request: ListSamplesRequest,
        response: ListSamplesResponse,
      },
      ask: ({ order, vehicleId, ...range }, signal) =>
        client.samplePage(vehicleId, { ...range, order: orderOf(order), signal, ...ONCE }),
      reflects: ({ position }) => position,
      isKept: ({ toMs }) => isClosed(toMs, Date.now()),
      isParked: ({ parkedAt }) => parkedAt !== undefined,
    }),
    series: calls.add({
      ...{
        name: 'series',
        policy: POLICIES.series,
        share: SHARES.series,
        request: GetSeriesRequest,
        response: GetSeriesResponse,
      },
      ask: (request, signal) => readSeries(client, request, signal),
      reflects: ({ position }) => position,
      isKept: ({ toMs }) => isClosed(toMs, Date.now()),
      isParked: ({ parkedAt }) => parkedAt !== undefined,
    }),
    vehicle: calls.add({
      ...{
        name: 'registration',
        policy: POLICIES.registration,
        share: SHARES.registration,
        request: GetRequest,
        response: GetResponse,
      },
      ask: ({ vehicleId, atLeast }, signal) => client.vehicle(vehicleId, { atLeast, signal, ...ONCE }),
      reflects: ({ position }) => position,
      isKept: () => true,
      isParked: ({ vehicle }) => vehicle?.parkedAt !== undefined,
    }),
  };
}

export type CachedReads = ReturnType<typeof cachedReads>;

const ORDERS = {
  [SampleOrder.UNSPECIFIED]: undefined,
  [SampleOrder.OLDEST_FIRST]: 'oldest first',
  [SampleOrder.NEWEST_FIRST]: 'newest first',
} as const;

function orderOf(order: SampleOrder): 'oldest first' | 'newest first' | undefined {
  if (order in ORDERS) return ORDERS[order as keyof typeof ORDERS];
  throw invalid('order', 'UNKNOWN_ORDER', `is ${order}, but must be oldest first (1) or newest first (2)`);
}
