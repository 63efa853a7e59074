import { type Channel, callUnary } from './call.ts';
import { Fault } from './fault.ts';
import { type ParkedEvent, ProjectionsService } from './generated/odograph/history/v1/projections.ts';
import {
  type ListSamplesRequest,
  type ListSamplesResponse,
  type ListStatusResponse,
  SampleOrder,
  VehicleHistoryService,
  type VehicleStatus,
} from './generated/odograph/history/v1/vehicle_history.ts';
import type { Position } from './generated/odograph/telemetry/v1/position.ts';
import { type RetryOptions, withRetries } from './retry.ts';

export interface StatusOptions extends RetryOptions {
  /** Waits, within the deadline, until the answer reflects this position, such as the one of a report's result. */
  readonly atLeast?: Position | undefined;
}

/** For programs that fold the log themselves. */
export interface StateOptions {
  /** Each status has its `state` instead of `signals` and `observedAtMs`. */
  readonly withState?: boolean | undefined;
}

export interface StatusAnswer {
  readonly status: VehicleStatus;
  /** The answer reflects the vehicle's partition up to and including this position. */
  readonly position: Position;
  /** Of two answers with different versions, no position says which one is newer. */
  readonly projectionVersion: number;
}

/** A list of vehicles. */
export interface VehiclesOptions extends RetryOptions, VehicleFilter {
  /** Waits until the answer reflects these positions, one a partition. */
  readonly atLeast?: readonly Position[] | undefined;
  /** Vehicles in a page, 1 to 1,000. Default: 1,000 for all pages, 50 for one. */
  readonly pageSize?: number | undefined;
}

export interface StatusesOptions extends VehiclesOptions, StateOptions {
  /** Only these vehicles, at most 1,000. Default: all. */
  readonly vehicleIds?: readonly string[] | undefined;
}

export interface SamplesOptions extends StatusOptions {
  /** From this observed time on, inclusive: Unix time in milliseconds. Default: the first sample. */
  readonly fromMs?: number | undefined;
  /** Before this observed time: Unix time in milliseconds. Default: no end. */
  readonly toMs?: number | undefined;
  /** Only these signals, and only samples with one of them: field names such as `speed_kmh`, or VSS paths. Default: all. */
  readonly signals?: readonly string[] | undefined;
  /** Which samples come first. Default: the oldest. */
  readonly order?: 'oldest first' | 'newest first' | undefined;
  /** Samples in a page, 1 to 1,000. Default: 1,000 for all pages, 50 for one. */
  readonly pageSize?: number | undefined;
}

/** Which vehicles a list has. Default: all but the retired ones. */
export interface VehicleFilter {
  /** Only this fleet. */
  readonly fleet?: string | undefined;
  /** Only with this tag. */
  readonly tag?: string | undefined;
  /** Only this model. */
  readonly model?: string | undefined;
  /** Only with this text in the id, name, model or VIN, in any case. */
  readonly text?: string | undefined;
  /** Also the retired ones. */
  readonly includeRetired?: boolean | undefined;
}

/** Where a page begins. */
export interface PageStart {
  /** `nextPageToken` of the page before. Default: the first page. */
  readonly pageToken?: string | undefined;
}

/** One page of samples. */
export interface SamplePageOptions extends SamplesOptions, PageStart {
  /** The page says how many samples the range has. */
  readonly withTotal?: boolean | undefined;
}

const LARGEST_PAGE = 1_000;

export async function status(
  channel: Channel,
  vehicleId: string,
  options: StatusOptions & StateOptions = {},
): Promise<StatusAnswer> {
  const request = { vehicleId, atLeast: options.atLeast, withState: options.withState ?? false };
  const answer = await withRetries(
    (callOptions) => callUnary(channel, VehicleHistoryService.getStatus, request, callOptions),
    options,
  );
  const { status: found, position, projectionVersion } = answer;
  if (!found || !position)
    throw new Fault('INTERNAL', 'the server sent a status without its content or position');
  return { status: found, position, projectionVersion };
}

export function statusPage(
  channel: Channel,
  options: StatusesOptions & PageStart = {},
): Promise<ListStatusResponse> {
  const { withState = false, vehicleIds = [] } = options;
  const request = { ...vehiclePageRequest(options), withState, vehicleIds: [...vehicleIds] };
  return withRetries(
    (callOptions) => callUnary(channel, VehicleHistoryService.listStatus, request, callOptions),
    options,
  );
}

/** The request for one page of a list of vehicles. */
export function vehiclePageRequest(options: VehiclesOptions & PageStart) {
  const { fleet = '', tag = '', model = '', text = '', includeRetired = false } = options;
  const { atLeast = [], pageSize = 0, pageToken = '' } = options;
  return { fleet, tag, model, text, includeRetired, pageSize, pageToken, atLeast: [...atLeast] };
}

export function samplePage(
  channel: Channel,
  vehicleId: string,
  options: SamplePageOptions = {},
): Promise<ListSamplesResponse> {
  const request = samplePageRequest(vehicleId, options);
  return withRetries(
    (callOptions) => callUnary(channel, VehicleHistoryService.listSamples, request, callOptions),
    options,
  );
}

/** The request for one page of a vehicle's samples. */
export function samplePageRequest(vehicleId: string, options: SamplePageOptions): ListSamplesRequest {
  const { fromMs = 0, toMs = 0, signals = [], pageSize = 0, pageToken = '', withTotal = false } = options;
  const { atLeast, order: wanted } = options;
  const order = wanted === 'newest first' ? SampleOrder.NEWEST_FIRST : SampleOrder.OLDEST_FIRST;
  return {
    ...{ vehicleId, fromMs, toMs, signals: [...signals], order },
    ...{ pageSize, pageToken, withTotal, atLeast },
  };
}

/** Every page of a list. Each call has the deadline of its options for itself. */
export async function* everyPage<Page extends { readonly nextPageToken: string }>(
  ask: (pageToken: string, pageSize: number) => Promise<Page>,
): AsyncGenerator<Page, void, undefined> {
  let page = await ask('', LARGEST_PAGE);
  yield page;
  while (page.nextPageToken !== '') {
    page = await ask(page.nextPageToken, LARGEST_PAGE);
    yield page;
  }
}

export async function* parkedEvents(
  channel: Channel,
  options: RetryOptions = {},
): AsyncGenerator<ParkedEvent, void, undefined> {
  const pages = everyPage((pageToken, pageSize) =>
    withRetries(
      (callOptions) =>
        callUnary(channel, ProjectionsService.listParked, { pageSize, pageToken }, callOptions),
      options,
    ),
  );
  for await (const { parked } of pages) yield* parked;
}
