import type { ServerUnaryCall, ServerWritableStream, sendUnaryData } from '@grpc/grpc-js';
import {
  CacheService,
  type InspectResponse,
  type InvalidateResponse,
  type StatsResponse,
  type WarmRequest,
  type WarmResponse,
} from './generated/odograph/cache/v1/cache.ts';
import {
  CachedHistoryService,
  type GetSeriesResponse,
  type GetVehicleResponse,
  type ListSamplesResponse,
} from './generated/odograph/cache/v1/cached_history.ts';
import {
  type AgedStatus,
  type GetResponse,
  type ListResponse,
  StaleReason,
  VehicleStatusService,
  type WatchRequest,
  type WatchResponse,
} from './generated/odograph/cache/v1/vehicle_status.ts';
import { RecordedSample, VehicleStatus } from './generated/odograph/history/v1/vehicle_history.ts';
import { Vehicle } from './generated/odograph/history/v1/vehicle_registry.ts';
import { type Refusal, serviceError, startServer, type TestServer } from './server.fixture.ts';

/** What a scripted cache does on one watch, after the one before. */
export interface WatchTurn {
  readonly messages: number;
  readonly end: Refusal | 'end' | 'stay';
}

export interface CacheScript {
  /** By watch; the last is for all that follow. Default: one message, and stay. */
  readonly turns?: readonly WatchTurn[];
  /** Refuses the first calls that are not watches; `empty` answers with an empty message. */
  readonly refusals?: readonly (Refusal | 'empty')[];
}

export interface ScriptedCache extends TestServer {
  readonly watches: WatchRequest[];
  /** The requests of the other calls. */
  readonly asked: unknown[];
  /** Those of the watches that the client has left. */
  readonly left: WatchRequest[];
}

export const CACHE_POSITION = { partition: 0, sequence: 12 };
const FRESHNESS = { ageMs: 7, staleReason: StaleReason.LOG_NOT_FOLLOWED };
const agedOf = (vehicleId: string): AgedStatus => {
  return { status: VehicleStatus.create({ vehicleId }), position: CACHE_POSITION, freshness: FRESHNESS };
};
const samplesOf = (observedAtMs: number, nextPageToken: string): ListSamplesResponse => {
  const samples = [RecordedSample.create({ observedAtMs, reportId: 'r-1' })];
  return { page: { samples, nextPageToken, position: CACHE_POSITION }, freshness: FRESHNESS };
};

/** The answers of each method: of a stream all of them, else by page. */
export const CACHE_ANSWERS: {
  readonly get: readonly GetResponse[];
  readonly list: readonly ListResponse[];
  readonly samples: readonly ListSamplesResponse[];
  readonly series: readonly GetSeriesResponse[];
  readonly vehicle: readonly GetVehicleResponse[];
  readonly inspect: readonly InspectResponse[];
  readonly invalidate: readonly InvalidateResponse[];
  readonly stats: readonly StatsResponse[];
  readonly warm: readonly WarmResponse[];
} = {
  get: [agedOf('bus-1')],
  list: [
    { statuses: [agedOf('bus-1')], nextPageToken: '1', positions: [CACHE_POSITION] },
    { statuses: [agedOf('bus-2')], nextPageToken: '', positions: [CACHE_POSITION] },
  ],
  samples: [samplesOf(1, '1'), samplesOf(2, '')],
  series: [
    {
      points: [{ fromMs: 0, count: 2, min: -1.5, max: 2.5, mean: 0.5, last: 2.5 }],
      ...{ widthMs: 1_000, position: CACHE_POSITION, parkedAt: CACHE_POSITION, freshness: FRESHNESS },
    },
  ],
  vehicle: [
    {
      found: { vehicle: Vehicle.create({ vehicleId: 'bus-1', version: 3 }), position: CACHE_POSITION },
      freshness: FRESHNESS,
    },
  ],
  inspect: [{ levels: [], floors: [{ domain: 'status/0', epoch: 1, sequence: 12 }] }],
  invalidate: [{ isDegraded: true }],
  stats: [
    {
      ...{ types: [], levels: [], partitions: [], isInvalidationsLive: true, invalidations: undefined },
      ...{ vehicles: 2, watches: 1 },
    },
  ],
  warm: [
    { done: 0, failed: 0, total: 2 },
    { done: 2, failed: 0, total: 2 },
  ],
};

/** The messages of a watch, numbered from 0; the first one begins again. */
export function watchMessages(watch: number, count: number): WatchResponse[] {
  return Array.from({ length: count }, (_, at) => ({
    ...{ statuses: [agedOf(`bus-${watch}-${at}`)], leftVehicleIds: [] },
    ...{ beginsAgain: at === 0, isComplete: at === 0, freshness: FRESHNESS },
  }));
}

interface Paged {
  readonly pageToken?: string;
  readonly query?: Paged;
}

/** A cache with a fixed content that ends watches and refuses calls as a script says. */
export async function startScriptedCache(script: CacheScript = {}): Promise<ScriptedCache> {
  const seen = {
    watches: [] as WatchRequest[],
    asked: [] as unknown[],
    left: [] as WatchRequest[],
  };
  const unary =
    <Answer>(pages: readonly Answer[]) =>
    ({ request }: ServerUnaryCall<Paged, Answer | Buffer>, callback: sendUnaryData<Answer | Buffer>) => {
      const refusal = script.refusals?.[seen.asked.length];
      seen.asked.push(request);
      if (refusal === 'empty') callback(null, Buffer.alloc(0));
      else if (refusal) callback(serviceError(refusal));
      else callback(null, pages[Number((request.query ?? request).pageToken ?? 0)]);
    };
  function watch(call: ServerWritableStream<WatchRequest, WatchResponse>): void {
    const { turns = [{ messages: 1, end: 'stay' }] } = script;
    const { messages, end } = turns[seen.watches.length] ?? (turns.at(-1) as WatchTurn);
    call.once('cancelled', () => seen.left.push(call.request));
    for (const message of watchMessages(seen.watches.length, messages)) call.write(message);
    seen.watches.push(call.request);
    if (end === 'end') call.end();
    else if (end !== 'stay') call.emit('error', serviceError(end));
  }
  function warm(call: ServerWritableStream<WarmRequest, WarmResponse>): void {
    const refusal = script.refusals?.[seen.asked.length];
    seen.asked.push(call.request);
    for (const progress of CACHE_ANSWERS.warm) call.write(progress);
    if (refusal && refusal !== 'empty') call.emit('error', serviceError(refusal));
    else call.end();
  }
  const { get, list, samples, series, vehicle, inspect, invalidate, stats } = CACHE_ANSWERS;
  const server = await startServer([
    [VehicleStatusService, { get: unary(get), list: unary(list), watch }],
    [
      CachedHistoryService,
      { listSamples: unary(samples), getSeries: unary(series), getVehicle: unary(vehicle) },
    ],
    [CacheService, { inspect: unary(inspect), invalidate: unary(invalidate), stats: unary(stats), warm }],
  ]);
  return Object.assign(seen, server);
}
