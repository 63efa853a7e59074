import { Alerting } from './alerting.ts';
import type { Sendable } from './batch.ts';
import * as cache from './cache.ts';
import { type CallOptions, Channel, type ChannelSettings, callUnary } from './call.ts';
import { type Connection, type ConnectOptions, openConnection } from './connection.ts';
import { Fault } from './fault.ts';
import type {
  InspectResponse,
  InvalidateResponse,
  StatsResponse,
  WarmResponse,
} from './generated/odograph/cache/v1/cache.ts';
import type {
  AgedStatus,
  ListResponse as LatestStatusesResponse,
  WatchResponse,
} from './generated/odograph/cache/v1/vehicle_status.ts';
import { EventLogService, type PartitionInfo } from './generated/odograph/history/v1/event_log.ts';
import { type ParkedEvent, ProjectionsService } from './generated/odograph/history/v1/projections.ts';
import type {
  ListSamplesResponse,
  ListStatusResponse,
  RecordedSample,
  VehicleStatus,
} from './generated/odograph/history/v1/vehicle_history.ts';
import type { ListResponse, Vehicle } from './generated/odograph/history/v1/vehicle_registry.ts';
import type { Position } from './generated/odograph/telemetry/v1/position.ts';
import {
  type DescribeResponse as IngestDescription,
  type ReportResult,
  TelemetryIngestService,
} from './generated/odograph/telemetry/v1/telemetry_ingest.ts';
import * as history from './history.ts';
import * as log from './log.ts';
import * as registry from './registry.ts';
import { report } from './report.ts';
import { type RetryOptions, withRetries } from './retry.ts';
import { type SendOptions, type Sent, send } from './send.ts';
import type { Report } from './wire.ts';

export interface ClientSettings extends ChannelSettings {
  /** Where reports are sent, `host:port`. */
  readonly ingest?: string | undefined;
  /** Where queries are answered, `host:port`. */
  readonly history?: string | undefined;
  /** Where the latest statuses and cached reads of history are answered, `host:port`. */
  readonly cache?: string | undefined;
  /** Where alerts, rules and silences are, `host:port`. */
  readonly alerting?: string | undefined;
  /** How often a call is tried, the first time included, unless the call says otherwise. Default: until its deadline. */
  readonly maxAttempts?: number | undefined;
}

type Server = 'ingest' | 'history' | 'cache' | 'alerting';

/** A client of the platform. It connects with the first call and again after each loss. */
export function createClient(settings: ClientSettings): Client {
  return new Client(settings);
}

/**
 * All that the platform offers. Every method throws a Fault. A call with one answer is tried again, until its deadline,
 * when the server is UNAVAILABLE or OVERLOADED; the server's own delay is kept, else the delay grows from 100 ms to 5 s.
 */
export class Client {
  readonly #settings: ClientSettings;
  readonly #channels = new Map<Server, Channel>();
  #alerting: Alerting | undefined;

  constructor(settings: ClientSettings) {
    this.#settings = settings;
  }

  /**
   * Sends reports in one call and resolves, once they are on disk or refused, with one result each, in order. Reports
   * that could not be stored are sent again; at the deadline their result is UNAVAILABLE. It is retried after DEADLINE too.
   * Throws INVALID_INPUT if every report was rejected, TOO_LARGE or INVALID_INPUT if the message is over a limit.
   */
  async report(
    reports: readonly (Report | Uint8Array)[],
    options: RetryOptions = {},
  ): Promise<ReportResult[]> {
    return await report(this.#ingest, reports, this.#withDefaults(options));
  }

  /**
   * Sends a stream of reports over one connection, and gives each item with its final outcome. It batches within the
   * server's limits. After a disconnect it sends what was not acknowledged again, in the order of the source; a report that
   * the server could not store goes again after its delay, while others go on. It reads the source no further than one
   * batch beyond the server's window, and waits while no outcome is taken.
   * Throws UNAVAILABLE if the server cannot be reached or takes no report for too long, CANCELLED after the signal, and
   * what the source throws, after the outcomes of the items before it.
   */
  send<Item extends Sendable>(
    source: AsyncIterable<Item>,
    options: SendOptions = {},
  ): AsyncGenerator<Sent<Item>, void, undefined> {
    return send(this.#ingest, source, options);
  }

  /** Opens one `Connect` stream, for programs that decide themselves what to do when it breaks. */
  async connect(options: ConnectOptions = {}): Promise<Connection> {
    return await openConnection(this.#ingest, options);
  }

  /** The latest known values of a vehicle. Throws NOT_FOUND if it has never reported and is not registered. */
  async status(
    vehicleId: string,
    options: history.StatusOptions & history.StateOptions = {},
  ): Promise<history.StatusAnswer> {
    return await history.status(this.#history, vehicleId, this.#withDefaults(options));
  }

  /** The statuses of a fleet, by vehicle id. The deadline is that of each page. */
  async *statuses(options: history.StatusesOptions = {}): AsyncGenerator<VehicleStatus, void, undefined> {
    const pages = history.everyPage((pageToken, pageSize) => {
      return this.statusPage({ pageSize, ...options, pageToken });
    });
    for await (const { statuses } of pages) yield* statuses;
  }

  /** One page of the statuses of a fleet, perhaps an empty one before the last, with the positions that it reflects. */
  async statusPage(options: history.StatusesOptions & history.PageStart = {}): Promise<ListStatusResponse> {
    return await history.statusPage(this.#history, this.#withDefaults(options));
  }

  /**
   * The latest known values of a vehicle from the cache, and how old they may be: for programs that ask often. Throws
   * NOT_FOUND if it has never reported and is not registered.
   */
  async latestStatus(vehicleId: string, options: history.StatusOptions = {}): Promise<cache.LatestAnswer> {
    return await cache.latestStatus(this.#cache, vehicleId, this.#withDefaults(options));
  }

  /** The statuses of vehicles from the cache, by vehicle id. The deadline is that of each page. */
  async *latestStatuses(options: cache.LatestOptions = {}): AsyncGenerator<AgedStatus, void, undefined> {
    const pages = history.everyPage((pageToken, pageSize) => {
      return this.latestStatusPage({ pageSize, ...options, pageToken });
    });
    for await (const { statuses } of pages) yield* statuses;
  }

  /** One page of the statuses from the cache, with the positions that it reflects. */
  async latestStatusPage(
    options: cache.LatestOptions & history.PageStart = {},
  ): Promise<LatestStatusesResponse> {
    return await cache.latestStatusPage(this.#cache, this.#withDefaults(options));
  }

  /**
   * First the statuses of all vehicles that meet the conditions, then each change, until the signal is aborted. One that is
   * read slowly gives the latest status of a vehicle, not each one between. After a disconnect it begins again.
   */
  watchStatuses(options: cache.WatchOptions = {}): AsyncGenerator<WatchResponse, void, undefined> {
    return cache.watchStatuses(this.#cache, options);
  }

  /**
   * A vehicle's samples from the cache, oldest first: for ranges that are asked for often. The deadline is that of each page.
   */
  async *cachedSamples(
    vehicleId: string,
    options: history.SamplesOptions = {},
  ): AsyncGenerator<RecordedSample, void, undefined> {
    const pages = history.everyPage(async (pageToken, pageSize) => {
      const { page } = await this.cachedSamplePage(vehicleId, { pageSize, ...options, pageToken });
      return page;
    });
    for await (const { samples } of pages) yield* samples;
  }

  /** One page of a vehicle's samples from the cache, with the position that it reflects, and how old it may be. */
  async cachedSamplePage(
    vehicleId: string,
    options: history.SamplePageOptions = {},
  ): Promise<cache.CachedSamplePage> {
    return await cache.cachedSamplePage(this.#cache, vehicleId, this.#withDefaults(options));
  }

  /**
   * One signal of a vehicle over a time range, for a chart: the number, least, greatest, mean and last of its values in each
   * part of the range that has some. The signal is a field name such as `speed_kmh`, or a VSS path.
   */
  async series(vehicleId: string, signal: string, options: cache.SeriesOptions): Promise<cache.SeriesAnswer> {
    return await cache.series(this.#cache, vehicleId, signal, this.#withDefaults(options));
  }

  /** A vehicle's registration from the cache, and how old it may be. Throws NOT_FOUND if the vehicle is not known. */
  async cachedVehicle(
    vehicleId: string,
    options: history.StatusOptions = {},
  ): Promise<cache.CachedVehicleAnswer> {
    return await cache.cachedVehicle(this.#cache, vehicleId, this.#withDefaults(options));
  }

  /** What each level of the cache has of a key, such as `status:bus-7`. */
  async inspectCache(key: string, options: RetryOptions = {}): Promise<InspectResponse> {
    return await cache.inspectCache(this.#cache, key, this.#withDefaults(options));
  }

  /** Makes values of the cache invalid, in all its processes; those that cannot be reached take it later. */
  async invalidateCache(
    invalidation: cache.Invalidation,
    options: RetryOptions = {},
  ): Promise<InvalidateResponse> {
    return await cache.invalidateCache(this.#cache, invalidation, this.#withDefaults(options));
  }

  /**
   * Loads statuses into the cache before they are asked for, and gives how far it is. The default of its deadline is 5 minutes,
   * the longest that the service allows. It is not retried.
   */
  warmCache(
    warming: cache.Warming,
    options: CallOptions = {},
  ): AsyncGenerator<WarmResponse, void, undefined> {
    return cache.warmCache(this.#cache, warming, options);
  }

  /** What the cache holds, and how its levels are. */
  async cacheStats(options: RetryOptions = {}): Promise<StatsResponse> {
    return await cache.cacheStats(this.#cache, this.#withDefaults(options));
  }

  /** A vehicle's samples, oldest first. The deadline is that of each page. */
  async *samples(
    vehicleId: string,
    options: history.SamplesOptions = {},
  ): AsyncGenerator<RecordedSample, void, undefined> {
    const pages = history.everyPage((pageToken, pageSize) => {
      return this.samplePage(vehicleId, { pageSize, ...options, pageToken });
    });
    for await (const { samples } of pages) yield* samples;
  }

  /** One page of a vehicle's samples, with the position that it reflects. */
  async samplePage(vehicleId: string, options: history.SamplePageOptions = {}): Promise<ListSamplesResponse> {
    return await history.samplePage(this.#history, vehicleId, this.#withDefaults(options));
  }

  /**
   * Follows the log. After a disconnect it goes on behind the last event, however often; it ends with the signal or the
   * iteration. Throws what a retry cannot help, such as INVALID_INPUT.
   */
  events(options: log.FollowOptions & log.EventFilter = {}): AsyncGenerator<log.LogEvent, void, undefined> {
    return log.events(this.#history, this.#withDefaults(options));
  }

  /** Follows the log as `events` does, unfiltered and in the server's batches, with the position to keep as a checkpoint. */
  eventBatches(options: log.FollowOptions = {}): AsyncGenerator<log.LogBatch, void, undefined> {
    return log.eventBatches(this.#history, this.#withDefaults(options));
  }

  /** Reads what is in the log now, one partition after the other. It is not retried. */
  readLog(options: log.ReadLogOptions = {}): AsyncGenerator<log.LogEvent, void, undefined> {
    return log.readLog(this.#history, options);
  }

  /** What ingest refuses, of each partition and of all, why and since when, and how much it has taken. */
  async describeIngest(options: RetryOptions = {}): Promise<IngestDescription> {
    return await withRetries(
      (callOptions) => callUnary(this.#ingest, TelemetryIngestService.describe, {}, callOptions),
      this.#withDefaults(options),
    );
  }

  /** The partitions of the log: how far each has come, and its state. */
  async describeLog(options: RetryOptions = {}): Promise<readonly PartitionInfo[]> {
    return await log.describeLog(this.#history, this.#withDefaults(options));
  }

  /** The last position of each partition that has events: as `atLeast`, it makes a query reflect all of them. */
  async watermarks(options: RetryOptions = {}): Promise<readonly Position[]> {
    return await log.watermarks(this.#history, this.#withDefaults(options));
  }

  /** The events that a projection could not apply, by projection and vehicle. */
  parkedEvents(options: RetryOptions = {}): AsyncGenerator<ParkedEvent, void, undefined> {
    return history.parkedEvents(this.#history, this.#withDefaults(options));
  }

  /** A vehicle's registration, its version, and whether it is retired. Throws NOT_FOUND if the vehicle is not known. */
  async vehicle(vehicleId: string, options: history.StatusOptions = {}): Promise<registry.VehicleAnswer> {
    return await registry.vehicle(this.#history, vehicleId, this.#withDefaults(options));
  }

  /** The vehicles, by id, also those that have only reported. The deadline is that of each page. */
  async *vehicles(options: history.VehiclesOptions = {}): AsyncGenerator<Vehicle, void, undefined> {
    const pages = history.everyPage((pageToken, pageSize) => {
      return this.vehiclePage({ pageSize, ...options, pageToken });
    });
    for await (const { vehicles } of pages) yield* vehicles;
  }

  /** One page of the vehicles, perhaps an empty one before the last, with the positions that it reflects. */
  async vehiclePage(options: history.VehiclesOptions & history.PageStart = {}): Promise<ListResponse> {
    return await registry.vehiclePage(this.#history, this.#withDefaults(options));
  }

  /**
   * Registers a vehicle, or a retired one again, and resolves when every query of the replica that answers sees it; with
   * `atLeast` at its position, those of every replica do. Like the other decisions it is also retried after DEADLINE.
   * Throws INVALID_INPUT with the wrong fields; RULE_VIOLATED if the vehicle is registered, or an event of it is parked;
   * VERSION_CONFLICT if it was changed in the meantime.
   */
  async registerVehicle(
    vehicleId: string,
    registration: registry.RegistrationFields = {},
    options: registry.DecisionOptions = {},
  ): Promise<registry.DecisionAnswer> {
    const withDefaults = this.#withDefaults(options);
    return await registry.registerVehicle(this.#history, vehicleId, registration, withDefaults);
  }

  /**
   * Changes the fields that are given, and no other. Throws INVALID_INPUT with the wrong fields; NOT_FOUND if the vehicle
   * has never reported and is not registered; RULE_VIOLATED if it is retired, has these values already, or an event of it
   * is parked; VERSION_CONFLICT if it was changed in the meantime.
   */
  async updateVehicle(
    vehicleId: string,
    change: registry.RegistrationFields,
    options: registry.DecisionOptions = {},
  ): Promise<registry.DecisionAnswer> {
    return await registry.updateVehicle(this.#history, vehicleId, change, this.#withDefaults(options));
  }

  /**
   * Takes a vehicle out of the lists; its history stays. Throws NOT_FOUND if it has never reported and is not registered;
   * RULE_VIOLATED if it is retired already, or an event of it is parked; VERSION_CONFLICT if it was changed in the meantime.
   */
  async retireVehicle(
    vehicleId: string,
    options: registry.DecisionOptions = {},
  ): Promise<registry.DecisionAnswer> {
    return await registry.retireVehicle(this.#history, vehicleId, this.#withDefaults(options));
  }

  /** Applies a vehicle's parked event again, and resolves with the position of the decision. It is not retried. */
  async retryParked(
    projection: string,
    vehicleId: string,
    options: CallOptions = {},
  ): Promise<Position | undefined> {
    const request = { projection, vehicleId };
    return (await callUnary(this.#history, ProjectionsService.retryParked, request, options)).position;
  }

  /** Goes on without a vehicle's parked event, and resolves with the position of the decision. It is not retried. */
  async dropParked(
    projection: string,
    vehicleId: string,
    options: CallOptions = {},
  ): Promise<Position | undefined> {
    const request = { projection, vehicleId };
    return (await callUnary(this.#history, ProjectionsService.dropParked, request, options)).position;
  }

  /**
   * Lets the log continue without a message that halts its partition, because only a newer program knows its form. It is not
   * retried. Throws RULE_VIOLATED if the message does not halt its partition.
   */
  async setMessageAside(position: Position, options: CallOptions = {}): Promise<void> {
    await callUnary(this.#history, EventLogService.setAsideMessage, { position }, options);
  }

  /** Alerts, their rules and silences. */
  get alerting(): Alerting {
    const { maxAttempts } = this.#settings;
    this.#alerting ??= new Alerting({ channel: () => this.#channel('alerting'), maxAttempts });
    return this.#alerting;
  }

  /** Closes the connections. Calls that are under way end first; new ones fail. */
  close(): void {
    for (const channel of this.#channels.values()) channel.close();
  }

  /** Closes it at the end of a block that declares it with `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  get #ingest(): Channel {
    return this.#channel('ingest');
  }

  get #history(): Channel {
    return this.#channel('history');
  }

  get #cache(): Channel {
    return this.#channel('cache');
  }

  #channel(service: Server): Channel {
    const opened = this.#channels.get(service);
    if (opened) return opened;
    const endpoint = this.#settings[service];
    if (endpoint === undefined) {
      throw new Fault(
        'INVALID_INPUT',
        `createClient was given no ${service} endpoint: pass { ${service}: 'host:port' }`,
      );
    }
    const channel = new Channel(endpoint, this.#settings);
    this.#channels.set(service, channel);
    return channel;
  }

  #withDefaults<Options extends { readonly maxAttempts?: number | undefined }>(options: Options): Options {
    return { maxAttempts: this.#settings.maxAttempts, ...options };
  }
}
