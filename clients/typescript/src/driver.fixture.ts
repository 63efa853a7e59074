/**
 * Runs the calls of this client that clients/conformance asks for; its README has the protocol.
 * Usage: driver.fixture.ts INGEST HISTORY CACHE, each `host:port` or `-`.
 */
import { createInterface } from 'node:readline';
import type { Invalidation, Warming } from './cache.ts';
import { createClient } from './client.ts';
import { isFault } from './fault.ts';
import { InspectResponse, StatsResponse, WarmResponse } from './generated/odograph/cache/v1/cache.ts';
import { GetSeriesResponse } from './generated/odograph/cache/v1/cached_history.ts';
import {
  AgedStatus,
  Freshness,
  ListResponse as LatestStatusesResponse,
  WatchResponse,
} from './generated/odograph/cache/v1/vehicle_status.ts';
import { PartitionInfo } from './generated/odograph/history/v1/event_log.ts';
import { ParkedEvent } from './generated/odograph/history/v1/projections.ts';
import {
  ListSamplesResponse,
  ListStatusResponse,
  RecordedSample,
  VehicleStatus,
} from './generated/odograph/history/v1/vehicle_history.ts';
import { Vehicle } from './generated/odograph/history/v1/vehicle_registry.ts';
import { Event } from './generated/odograph/telemetry/v1/event.ts';
import { Position } from './generated/odograph/telemetry/v1/position.ts';
import { VehicleReport } from './generated/odograph/telemetry/v1/report.ts';
import {
  BatchResult,
  ConnectionLimits,
  DescribeResponse as IngestDescription,
  ReportResult,
} from './generated/odograph/telemetry/v1/telemetry_ingest.ts';
import type { DecisionOptions } from './registry.ts';
import type { SendOptions } from './send.ts';

type Json = Record<string, unknown>;

interface Args extends DecisionOptions, SendOptions {
  readonly vehicleId: string;
  readonly reports: readonly string[];
  readonly batches: readonly (readonly string[])[];
  readonly atLeast?: string & readonly string[];
  readonly after?: readonly string[];
  readonly filter?: Json;
  readonly fields?: Json;
  readonly projection: string;
  readonly position: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** The signal of a series; `signal` is what ends a call. */
  readonly signalName: string;
  readonly key: string;
  readonly invalidation: Invalidation;
  readonly warming: Warming;
  readonly pageSize: number;
  readonly pageToken: string;
}

interface Call {
  readonly args: Args;
  /** What the other side pushes. */
  readonly source: AsyncIterable<Json>;
  readonly signal: AbortSignal;
}

interface Codec<Message> {
  encode(message: Message): { finish(): Uint8Array };
}

const encoded = <Message>(codec: Codec<Message>, message: Message) =>
  Buffer.from(codec.encode(message).finish()).toString('base64');
const position = (text: string) => Position.decode(Buffer.from(text, 'base64'));
const report = (text: unknown) => VehicleReport.decode(Buffer.from(String(text), 'base64'));
const one = (text: string | undefined) => (text === undefined ? undefined : position(text));
const many = (texts: readonly string[] | undefined) => (texts ?? []).map(position);
const at = (found: Position | undefined) => encoded(Position, found ?? Position.create());

const endpoints = process.argv.slice(2).map((endpoint) => (endpoint === '-' ? undefined : endpoint));
const [ingest, history, cache] = endpoints;
const client = createClient({ ingest, history, cache });

const calls: Readonly<Record<string, (call: Call) => AsyncGenerator<Json>>> = {
  async *report({ args }) {
    for (const result of await client.report(args.reports.map(report), args))
      yield { result: encoded(ReportResult, result) };
  },
  async *send({ args, source }) {
    async function* items() {
      for await (const item of source) yield { row: item['row'], report: report(item['report']) };
    }
    for await (const { item, result, attempts } of client.send(items(), args))
      yield { row: item.row, result: encoded(ReportResult, result), attempts };
  },
  async *connect({ args }) {
    const connection = await client.connect();
    yield { limits: encoded(ConnectionLimits, connection.limits) };
    const answers = args.batches.map((batch) => connection.send(batch.map(report)));
    for (const answer of await Promise.all(answers)) yield { batch: encoded(BatchResult, answer) };
    await connection.close();
    yield { hasEnded: connection.hasEnded };
  },
  async *status({ args }) {
    const answer = await client.status(args.vehicleId, { ...args, atLeast: one(args.atLeast) });
    yield { status: encoded(VehicleStatus, answer.status), position: at(answer.position) };
  },
  async *statuses({ args }) {
    for await (const status of client.statuses({ ...args, ...args.filter, atLeast: many(args.atLeast) }))
      yield { status: encoded(VehicleStatus, status) };
  },
  async *statusPage({ args }) {
    const page = await client.statusPage({ ...args, ...args.filter, atLeast: many(args.atLeast) });
    yield { page: encoded(ListStatusResponse, page) };
  },
  async *latestStatus({ args }) {
    const answer = await client.latestStatus(args.vehicleId, { ...args, atLeast: one(args.atLeast) });
    yield {
      status: encoded(VehicleStatus, answer.status),
      position: at(answer.position),
      freshness: encoded(Freshness, answer.freshness),
    };
  },
  async *latestStatuses({ args }) {
    const options = { ...args, ...args.filter, atLeast: many(args.atLeast) };
    for await (const aged of client.latestStatuses(options)) yield { aged: encoded(AgedStatus, aged) };
  },
  async *latestStatusPage({ args }) {
    const page = await client.latestStatusPage({ ...args, ...args.filter, atLeast: many(args.atLeast) });
    yield { page: encoded(LatestStatusesResponse, page) };
  },
  async *watchStatuses({ args, signal }) {
    for await (const message of client.watchStatuses({ ...args.filter, signal }))
      yield { message: encoded(WatchResponse, message) };
  },
  async *cachedSamples({ args }) {
    for await (const sample of client.cachedSamples(args.vehicleId, { ...args, atLeast: one(args.atLeast) }))
      yield { sample: encoded(RecordedSample, sample) };
  },
  async *cachedSamplePage({ args }) {
    const options = { ...args, atLeast: one(args.atLeast), withTotal: true };
    const { page, freshness } = await client.cachedSamplePage(args.vehicleId, options);
    yield { page: encoded(ListSamplesResponse, page), freshness: encoded(Freshness, freshness) };
  },
  async *series({ args }) {
    const options = { ...args, atLeast: one(args.atLeast) };
    const answer = await client.series(args.vehicleId, args.signalName, options);
    yield { series: encoded(GetSeriesResponse, answer) };
  },
  async *cachedVehicle({ args }) {
    const answer = await client.cachedVehicle(args.vehicleId, { ...args, atLeast: one(args.atLeast) });
    yield {
      vehicle: encoded(Vehicle, answer.vehicle),
      position: at(answer.position),
      freshness: encoded(Freshness, answer.freshness),
    };
  },
  async *inspectCache({ args }) {
    yield { answer: encoded(InspectResponse, await client.inspectCache(args.key, args)) };
  },
  async *invalidateCache({ args }) {
    const { isDegraded } = await client.invalidateCache(args.invalidation, args);
    yield { isDegraded };
  },
  async *warmCache({ args }) {
    for await (const progress of client.warmCache(args.warming, args))
      yield { progress: encoded(WarmResponse, progress) };
  },
  async *cacheStats({ args }) {
    yield { answer: encoded(StatsResponse, await client.cacheStats(args)) };
  },
  async *samples({ args }) {
    for await (const sample of client.samples(args.vehicleId, { ...args, atLeast: one(args.atLeast) }))
      yield { sample: encoded(RecordedSample, sample) };
  },
  async *samplePage({ args }) {
    const options = { ...args, atLeast: one(args.atLeast), withTotal: true };
    const page = await client.samplePage(args.vehicleId, options);
    yield { page: encoded(ListSamplesResponse, page) };
  },
  async *events({ args, signal }) {
    for await (const { position, event } of client.events({ ...args, after: many(args.after), signal }))
      yield { position: at(position), event: encoded(Event, event) };
  },
  async *eventBatches({ args, signal }) {
    for await (const { position, events } of client.eventBatches({ after: many(args.after), signal }))
      yield { position: at(position), events: events.length };
  },
  async *readLog({ args }) {
    const positions = { after: many(args.after), atLeast: many(args.atLeast) };
    for await (const { position, event } of client.readLog({ ...args, ...positions }))
      yield { position: at(position), event: encoded(Event, event) };
  },
  async *describeIngest({ args }) {
    yield { answer: encoded(IngestDescription, await client.describeIngest(args)) };
  },
  async *setMessageAside({ args }) {
    await client.setMessageAside(position(args.position));
    yield {};
  },
  async *describeLog({ args }) {
    for (const partition of await client.describeLog(args))
      yield { partition: encoded(PartitionInfo, partition) };
  },
  async *watermarks({ args }) {
    for (const mark of await client.watermarks(args)) yield { position: at(mark) };
  },
  async *vehicle({ args }) {
    const answer = await client.vehicle(args.vehicleId, { ...args, atLeast: one(args.atLeast) });
    yield { vehicle: encoded(Vehicle, answer.vehicle), position: at(answer.position) };
  },
  async *vehicles({ args }) {
    for await (const vehicle of client.vehicles({ ...args, ...args.filter, atLeast: many(args.atLeast) }))
      yield { vehicle: encoded(Vehicle, vehicle) };
  },
  async *registerVehicle({ args }) {
    const decision = await client.registerVehicle(args.vehicleId, args.fields, args);
    yield { version: decision.version, position: at(decision.position) };
  },
  async *updateVehicle({ args }) {
    const decision = await client.updateVehicle(args.vehicleId, args.fields ?? {}, args);
    yield { version: decision.version, position: at(decision.position) };
  },
  async *retireVehicle({ args }) {
    const decision = await client.retireVehicle(args.vehicleId, args);
    yield { version: decision.version, position: at(decision.position) };
  },
  async *parkedEvents({ args }) {
    for await (const parked of client.parkedEvents(args)) yield { parked: encoded(ParkedEvent, parked) };
  },
  async *retryParked({ args }) {
    yield { position: at(await client.retryParked(args.projection, args.vehicleId)) };
  },
  async *dropParked({ args }) {
    yield { position: at(await client.dropParked(args.projection, args.vehicleId)) };
  },
};

/** A source that the other side fills; undefined ends it. */
function createSource() {
  const items: (Json | undefined)[] = [];
  let wake = Promise.withResolvers<void>();
  async function* read(): AsyncGenerator<Json> {
    for (;;) {
      while (items.length === 0) await wake.promise;
      const item = items.shift();
      if (!item) return;
      if (item['error'] !== undefined) throw new Error(String(item['error']));
      yield item;
    }
  }
  const push = (item: Json | undefined) => {
    items.push(item);
    wake.resolve();
    wake = Promise.withResolvers();
  };
  return { push, read };
}

interface Line {
  readonly id: number;
  readonly call?: string;
  readonly args?: Args;
  readonly push?: Json;
  readonly finish?: true;
  readonly cancel?: true;
}

const running = new Map<
  number,
  { readonly source: ReturnType<typeof createSource>; readonly stop: AbortController }
>();

const write = (line: Json) => process.stdout.write(`${JSON.stringify(line)}\n`);

async function run(id: number, name: string, args: Args): Promise<void> {
  const [source, stop] = [createSource(), new AbortController()];
  running.set(id, { source, stop });
  try {
    const call = calls[name];
    if (!call) throw new Error(`there is no call ${name}`);
    for await (const item of call({ args, source: source.read(), signal: stop.signal })) write({ id, item });
    write({ id, end: true });
  } catch (error) {
    if (!isFault(error)) write({ id, error: String(error) });
    else {
      const { code, message, findings, retryAfterMs = null, limit = null } = error;
      write({ id, fault: { code, message, findings, retryAfterMs, limit } });
    }
  }
}

function onLine({ id, call, args, push, finish, cancel }: Line): void {
  const found = running.get(id);
  if (push) found?.source.push(push);
  else if (finish) found?.source.push(undefined);
  else if (cancel) found?.stop.abort();
  else if (call && args) void run(id, call, args);
}

for await (const line of createInterface({ input: process.stdin })) onLine(JSON.parse(line) as Line);
client.close();
