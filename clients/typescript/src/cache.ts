import { type CallOptions, type Channel, callServerStream, callUnary } from './call.ts';
import { endlessStream } from './endless-stream.ts';
import { Fault } from './fault.ts';
import {
  CacheService,
  type InspectResponse,
  type InvalidateResponse,
  type StatsResponse,
  type WarmResponse,
} from './generated/odograph/cache/v1/cache.ts';
import {
  CachedHistoryService,
  type GetSeriesResponse,
} from './generated/odograph/cache/v1/cached_history.ts';
import {
  type Box,
  type Freshness,
  type ListResponse,
  type VehicleConditions,
  VehicleStatusService,
  type WatchResponse,
} from './generated/odograph/cache/v1/vehicle_status.ts';
import type { ListSamplesResponse, VehicleStatus } from './generated/odograph/history/v1/vehicle_history.ts';
import type { Position } from './generated/odograph/telemetry/v1/position.ts';
import {
  type PageStart,
  type SamplePageOptions,
  type StatusOptions,
  samplePageRequest,
  type VehiclesOptions,
} from './history.ts';
import type { VehicleAnswer } from './registry.ts';
import { type RetryOptions, withRetries } from './retry.ts';

/** A status from the cache. */
export interface LatestAnswer {
  readonly status: VehicleStatus;
  /** The answer reflects the vehicle's partition up to and including this position. */
  readonly position: Position;
  /** How old it may be. */
  readonly freshness: Freshness;
}

/** A page of samples from the cache. */
export interface CachedSamplePage {
  /** What history has answered, with the position that it reflects. */
  readonly page: ListSamplesResponse;
  /** How old it may be. */
  readonly freshness: Freshness;
}

export interface SeriesOptions extends StatusOptions {
  /** From this observed time on, inclusive: Unix time in milliseconds. */
  readonly fromMs: number;
  /** Before this observed time: Unix time in milliseconds. The range may have up to 100,000 samples of the signal. */
  readonly toMs: number;
  /** Parts of equal length that the range is cut into, 1 to 2,000. Default: 300. */
  readonly points?: number | undefined;
}

/** A signal over a time range: the parts of the range that have values, in order. */
export interface SeriesAnswer extends GetSeriesResponse {
  readonly position: Position;
  readonly freshness: Freshness;
}

/** A registration from the cache. */
export interface CachedVehicleAnswer extends VehicleAnswer {
  /** How old it may be. */
  readonly freshness: Freshness;
}

/** Which vehicles of the cache: those that meet all conditions. */
export interface LatestOptions extends VehiclesOptions {
  /** Only these vehicles, at most 1,000. Default: all. */
  readonly vehicleIds?: readonly string[] | undefined;
  /** Only those whose last known location is in this box. */
  readonly box?: Box | undefined;
}

export interface WatchOptions
  extends Omit<LatestOptions, 'atLeast' | 'pageSize' | 'maxAttempts' | 'deadlineMs'> {
  /** Called when the stream broke; it is opened again after `retryInMs` milliseconds, and then begins again. */
  readonly onDisconnect?: ((fault: Fault, retryInMs: number) => void) | undefined;
}

/** What becomes invalid in the cache; everything that is named. */
export interface Invalidation {
  /** Keys such as `status:bus-7`. One that ends in `:*` means all keys that begin so. */
  readonly keys?: readonly string[] | undefined;
  readonly tags?: readonly string[] | undefined;
  /** Everything. */
  readonly all?: boolean | undefined;
}

/** What is loaded before it is asked for: exactly one of these. */
export interface Warming {
  readonly vehicleIds?: readonly string[] | undefined;
  readonly tag?: string | undefined;
  readonly fleet?: string | undefined;
  /** What was asked for most lately before the cache was started. */
  readonly lastHot?: boolean | undefined;
}

export async function latestStatus(
  channel: Channel,
  vehicleId: string,
  options: StatusOptions = {},
): Promise<LatestAnswer> {
  const request = { vehicleId, atLeast: options.atLeast };
  const { status, position, freshness } = await withRetries(
    (callOptions) => callUnary(channel, VehicleStatusService.get, request, callOptions),
    options,
  );
  if (status && position && freshness) return { status, position, freshness };
  throw new Fault('INTERNAL', 'the server sent a status without its content, position or freshness');
}

export function latestStatusPage(
  channel: Channel,
  options: LatestOptions & PageStart = {},
): Promise<ListResponse> {
  const { atLeast = [], pageSize = 0, pageToken = '' } = options;
  const request = { conditions: conditionsOf(options), atLeast: [...atLeast], pageSize, pageToken };
  return withRetries(
    (callOptions) => callUnary(channel, VehicleStatusService.list, request, callOptions),
    options,
  );
}

export async function cachedSamplePage(
  channel: Channel,
  vehicleId: string,
  options: SamplePageOptions = {},
): Promise<CachedSamplePage> {
  const request = { query: samplePageRequest(vehicleId, options) };
  const { page, freshness } = await withRetries(
    (callOptions) => callUnary(channel, CachedHistoryService.listSamples, request, callOptions),
    options,
  );
  if (page && freshness) return { page, freshness };
  throw new Fault('INTERNAL', 'the server sent samples without their page or freshness');
}

export async function series(
  channel: Channel,
  vehicleId: string,
  signal: string,
  options: SeriesOptions,
): Promise<SeriesAnswer> {
  const { fromMs, toMs, points = 0, atLeast } = options;
  const request = { vehicleId, signal, fromMs, toMs, points, atLeast };
  const answer = await withRetries(
    (callOptions) => callUnary(channel, CachedHistoryService.getSeries, request, callOptions),
    options,
  );
  const { position, freshness } = answer;
  if (position && freshness) return { ...answer, position, freshness };
  throw new Fault('INTERNAL', 'the server sent a series without its position or freshness');
}

export async function cachedVehicle(
  channel: Channel,
  vehicleId: string,
  options: StatusOptions = {},
): Promise<CachedVehicleAnswer> {
  const request = { query: { vehicleId, atLeast: options.atLeast } };
  const { found, freshness } = await withRetries(
    (callOptions) => callUnary(channel, CachedHistoryService.getVehicle, request, callOptions),
    options,
  );
  const { vehicle, position } = found ?? {};
  if (vehicle && position && freshness) return { vehicle, position, freshness };
  throw new Fault('INTERNAL', 'the server sent a vehicle without its content, position or freshness');
}

/** The statuses of vehicles and their changes, until the signal is aborted. After a disconnect it begins again. */
export function watchStatuses(
  channel: Channel,
  options: WatchOptions = {},
): AsyncGenerator<WatchResponse, void, undefined> {
  const request = { conditions: conditionsOf(options) };
  return endlessStream(channel, VehicleStatusService.watch, () => request, options);
}

function conditionsOf(options: Omit<LatestOptions, 'atLeast'>): VehicleConditions {
  const { vehicleIds = [], fleet = '', tag = '', model = '', text = '' } = options;
  const { box, includeRetired = false } = options;
  return { vehicleIds: [...vehicleIds], fleet, tag, model, text, box, includeRetired };
}

export function inspectCache(
  channel: Channel,
  key: string,
  options: RetryOptions = {},
): Promise<InspectResponse> {
  return withRetries(
    (callOptions) => callUnary(channel, CacheService.inspect, { key }, callOptions),
    options,
  );
}

/** Making something invalid twice is as once, so it is retried. */
export function invalidateCache(
  channel: Channel,
  { keys = [], tags = [], all = false }: Invalidation,
  options: RetryOptions = {},
): Promise<InvalidateResponse> {
  const request = { keys: [...keys], tags: [...tags], all };
  return withRetries(
    (callOptions) => callUnary(channel, CacheService.invalidate, request, callOptions),
    options,
  );
}

/** The longest that the service allows. A call without a deadline gets 30 s, which is short for 10,000 vehicles. */
const WARM_DEADLINE_MS = 300_000;

/** It is not retried: the caller has seen some of its answers. */
export function warmCache(
  channel: Channel,
  { vehicleIds = [], tag = '', fleet = '', lastHot = false }: Warming,
  { deadlineMs = WARM_DEADLINE_MS, ...options }: CallOptions = {},
): AsyncGenerator<WarmResponse, void, undefined> {
  const request = { vehicleIds: [...vehicleIds], tag, fleet, lastHot };
  return callServerStream(channel, CacheService.warm, request, { deadlineMs, ...options });
}

export function cacheStats(channel: Channel, options: RetryOptions = {}): Promise<StatsResponse> {
  return withRetries((callOptions) => callUnary(channel, CacheService.stats, {}, callOptions), options);
}
