import { encodeEvent, encodePayload } from '@odograph/contracts/event-catalogue';
import {
  CacheService,
  type InvalidateRequest,
  type WarmRequest,
} from '@odograph/contracts/generated/odograph/cache/v1/cache';
import {
  type GetRequest,
  type ListRequest,
  StaleReason,
  VehicleStatusService,
} from '@odograph/contracts/generated/odograph/cache/v1/vehicle_status';
import {
  EventLogService,
  type LoggedEvent,
  type PartitionInfo,
  type ReadRequest,
  type SubscribeRequest,
} from '@odograph/contracts/generated/odograph/history/v1/event_log';
import { ProjectionsService } from '@odograph/contracts/generated/odograph/history/v1/projections';
import {
  type GetStatusRequest,
  type ListSamplesRequest,
  type ListStatusRequest,
  VehicleHistoryService,
  VehicleStatus,
} from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { Event, PartitionState } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { signalsToWire } from '@odograph/contracts/signals';
import { Fault } from '@odograph/kernel/fault';
import { DEFAULT_REGISTRATION } from '@odograph/kernel/registration';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import { type GrpcService, grpcService, serverStream, unary } from '@odograph/platform/grpc/handler';
import { createGrpcServer } from '@odograph/platform/grpc/server';
import { silentLogger } from '@odograph/platform/logger';
import { expect } from 'vitest';
import { type AskedOfRegistry, registry } from './registry.fixture.ts';

const AT_MS = Date.UTC(2026, 10, 21, 10);
export const SAMPLES = 2_345;

/** The requests that the fixture got. */
interface Asked extends AskedOfRegistry {
  readonly status: GetStatusRequest[];
  readonly statuses: ListStatusRequest[];
  readonly latest: GetRequest[];
  readonly latests: ListRequest[];
  readonly invalidated: InvalidateRequest[];
  readonly warmed: WarmRequest[];
  readonly samples: ListSamplesRequest[];
  readonly reads: ReadRequest[];
  readonly subscriptions: SubscribeRequest[];
}

/** A history and a cache that give every caller the same answers, with the pages of the contract. Port 0 is a free one. */
export async function startHistory(port = 0, notReadyBecause?: Fault) {
  const asked: Asked = {
    ...{
      status: [],
      statuses: [],
      latest: [],
      latests: [],
      invalidated: [],
      warmed: [],
      samples: [],
      reads: [],
      subscriptions: [],
      vehicle: [],
      vehicles: [],
      decisions: [],
    },
  };
  /** What is to be said of its partition instead of that all is well. */
  const partition: Partial<PartitionInfo> = {};
  const log = eventLog(asked, { partition, describeFault: notReadyBecause });
  const services = [vehicleHistory(asked), log, projections(), registry(asked), ...cache(asked)];
  const server = await createGrpcServer({ services, logger: silentLogger, port });
  server.setServing(true);
  server.setReady(!notReadyBecause);
  const { port: at, setReady } = server;
  return { endpoint: `127.0.0.1:${at}`, port: at, asked, partition, setReady, stop: () => server.stop(100) };
}

/** How old the statuses of the cache may be, unless a test says something else. */
export const freshness = { ageMs: 12, staleReason: StaleReason.UNSPECIFIED as StaleReason };

function cache(asked: Asked): readonly GrpcService[] {
  const position = { partition: 0, sequence: 12, index: 3 };
  const aged = (vehicleId: string) => ({ status: statusOf(vehicleId), position, freshness });
  const vehicleStatus = grpcService(VehicleStatusService, {
    get: unary(async (request) => {
      asked.latest.push(request);
      const { vehicleId } = request;
      if (vehicleId !== 'bus-1' && vehicleId !== HOSTILE.vehicleId && !isSimulated(vehicleId))
        throw new Fault('NOT_FOUND', `${vehicleId} has never reported`);
      return aged(vehicleId);
    }),
    list: unary(async (request) => {
      asked.latests.push(request);
      const positions = [position];
      if (request.conditions?.fleet === 'nowhere') return { statuses: [], nextPageToken: '', positions };
      const isFirst = request.pageToken === '';
      return {
        statuses: [aged(isFirst ? 'bus-1' : 'bus-2')],
        nextPageToken: isFirst ? 'more' : '',
        positions,
      };
    }),
    watch: serverStream(() => expect.unreachable()),
  });
  return [vehicleStatus, cacheItself(asked)];
}

const STAMP = { domain: 'status/0', epoch: 3, sequence: 9 };

function cacheItself(asked: Asked): GrpcService {
  return grpcService(CacheService, {
    inspect: unary(async ({ key }) => {
      if (!key.startsWith('status:')) throw new Fault('INVALID_INPUT', 'key names no type of values');
      const held = {
        isHeld: true,
        hasValue: true,
        bytes: 700,
        ageMs: 1_500,
        freshMs: 60_000,
        keptMs: 90_000,
      };
      const none = { isHeld: false, hasValue: false, bytes: 0, ageMs: 0, freshMs: 0, keptMs: 0 };
      const levels = [
        { level: 'memory', ...held, version: [STAMP], tags: [], isValid: true },
        { level: 'redis', ...none, version: [], tags: [], isValid: false },
      ];
      return { levels, floors: [STAMP] };
    }),
    invalidate: unary(async (request) => {
      asked.invalidated.push(request);
      return { isDegraded: request.all };
    }),
    warm: serverStream(async function* (request) {
      asked.warmed.push(request);
      yield { done: 0, failed: 0, total: 2 };
      yield { done: 1, failed: 1, total: 2 };
    }),
    stats: unary(async () => ({
      types: [
        {
          ...{ type: 'status', entries: 2, bytes: 1_000, maxBytes: 10_000 },
          answers: { memory: 90, redis: 0, files: 0, source: 10 },
          ...{ misses: 10, loads: 10, stale: 0, evicted: 0, refused: 1 },
        },
      ],
      levels: [{ level: 'redis', breaker: 'open', queued: 0, repairs: 3 }],
      ...{ isInvalidationsLive: true, invalidations: STAMP, vehicles: 2, watches: 1 },
      partitions: [{ partition: 0, sequence: 12, silentMs: 40, isFollowed: true }],
    })),
  });
}

function vehicleHistory(asked: Asked): GrpcService {
  const position = { partition: 0, sequence: 12, index: 3 };
  return grpcService(VehicleHistoryService, {
    getStatus: unary(async (request) => {
      asked.status.push(request);
      const { vehicleId } = request;
      if (vehicleId !== 'bus-1' && vehicleId !== HOSTILE.vehicleId && !isSimulated(vehicleId))
        throw new Fault('NOT_FOUND', `${vehicleId} has never reported`);
      return { status: statusOf(vehicleId), position, projectionVersion: 1 };
    }),
    listStatus: unary(async (request) => {
      asked.statuses.push(request);
      if (request.fleet === 'nowhere')
        return { statuses: [], nextPageToken: '', positions: [position], projectionVersion: 1 };
      const isFirst = request.pageToken === '';
      return {
        statuses: [statusOf(isFirst ? 'bus-1' : 'bus-2')],
        nextPageToken: isFirst ? 'more' : '',
        projectionVersion: 1,
        positions: [position],
      };
    }),
    listSamples: unary(async (request) => {
      asked.samples.push(request);
      if (request.vehicleId === 'bus-9') return { samples: [], position, ...LAST_PAGE };
      if (request.vehicleId === HOSTILE.vehicleId)
        return { samples: [hostileSample()], position, ...LAST_PAGE };
      const from = Number(request.pageToken);
      const count = Math.min(request.pageSize, SAMPLES - from);
      return {
        samples: Array.from({ length: count }, (_, at) => sampleOf(from + at)),
        nextPageToken: from + count < SAMPLES ? String(from + count) : '',
        ...{ total: undefined, position, parkedAt: undefined },
      };
    }),
  });
}

function statusOf(vehicleId: string): VehicleStatus {
  return VehicleStatus.create({
    vehicleId,
    ...{ fleet: 'default', units: 1 },
    signals: signalsToWire({
      ...{ speed_kmh: 27.5, 'Vehicle.Overlay.Transit.RouteId': routeOf(vehicleId) },
      ...(isSimulated(vehicleId) && { odometer_km: SIMULATED_KM }),
    }),
    observedAtMs: { speed_kmh: AT_MS, 'Vehicle.Overlay.Transit.RouteId': AT_MS - 1_000 },
    lastObservedAtMs: AT_MS,
    lastReceivedAtMs: AT_MS + 250,
  });
}

/** A text that would colour a terminal, ring its bell, clear it, and begin a row, in the old form and in that of one byte. */
export const HOSTILE = { vehicleId: 'hz-esc', text: '\x1b[31mRED\x1b[0m\x07\x9b2J\nbus-1\x7f' };

/** Where every simulated vehicle was: more than any has driven that begins. */
export const SIMULATED_KM = 250_000;
const isSimulated = (vehicleId: string) => vehicleId.startsWith('sim-');

const routeOf = (vehicleId: string) => (vehicleId === HOSTILE.vehicleId ? HOSTILE.text : '383');

function sampleOf(at: number) {
  return { observedAtMs: AT_MS + at * 1_000, reportId: `r${at}`, signals: signalsToWire({ speed_kmh: at }) };
}

const LAST_PAGE = { nextPageToken: '', total: undefined, parkedAt: undefined };

function hostileSample() {
  const signals = signalsToWire({ 'Vehicle.Overlay.Transit.RouteId': HOSTILE.text });
  return { ...sampleOf(0), signals };
}

const HEAD = { subject: 'bus-1', reportId: 'r1', observedAtMs: AT_MS, receivedAtMs: AT_MS + 250 };
const SAMPLE = { observedAtMs: AT_MS, signals: { latitude_deg: 91 } };
const REASON = {
  field: 'signals.latitude_deg',
  reason: 'OUT_OF_RANGE',
  description: '91 is outside -90 to 90',
};
const QUARANTINED: VehicleEvent = {
  ...{ type: 'TelemetryQuarantined', ...HEAD },
  samples: [{ sampleIndex: 0, sample: SAMPLE, findings: [REASON] }],
};

/** An event of every type, and one that only a newer version of this program knows. */
const EVENTS: readonly Event[] = [
  wire({ type: 'TelemetryReported', ...HEAD, samples: [SAMPLE] }),
  { ...wire(QUARANTINED), part: 1, traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` },
  wire({
    ...{ type: 'TelemetryConflicted', ...HEAD },
    ...{ came: QUARANTINED as Extract<VehicleEvent, { type: 'TelemetryQuarantined' }> },
    heldAt: { partition: 0, sequence: 1, index: 0 },
  }),
  wire({ type: 'TimeTicked', ...HEAD, subject: 'tick' }),
  wire({ type: 'LogGapFound', ...HEAD, watermark: 3, foundLastSequence: 1, resumedSequence: 1_000_004 }),
  wire({
    type: 'UndecodableReceived',
    ...HEAD,
    observedAtMs: 0,
    reason: 'no envelope',
    raw: Buffer.from([1, 2]),
  }),
  wire({
    ...{ type: 'ParkedEventDropped', ...HEAD },
    ...{ projection: 'status', position: { partition: 0, sequence: 1, index: 0 } },
  }),
  encodeEvent({
    ...{ type: 'VehicleUpdated', ...HEAD, aggregateVersion: 2, commandHash: '00' },
    registration: { ...DEFAULT_REGISTRATION, displayName: 'Bus 1', tags: ['night'] },
  }),
  {
    ...wire({ type: 'TimeTicked', ...HEAD, subject: HOSTILE.text }),
    type: 'VehicleTeleported',
    version: 7,
    payload: Buffer.from([9]),
  },
];

function wire(event: VehicleEvent): Event {
  const { subject, reportId, observedAtMs, receivedAtMs } = event;
  return Event.create({ subject, reportId, observedAtMs, receivedAtMs, ...encodePayload(event) });
}

/** What a vehicle said in a report that is believed, and in one that is not. */
const HOSTILE_EVENTS: readonly Event[] = [
  wire({
    ...{ type: 'TelemetryReported', ...HEAD, subject: HOSTILE.vehicleId },
    samples: [{ observedAtMs: AT_MS, signals: { 'Vehicle.Overlay.Transit.RouteId': HOSTILE.text } }],
  }),
  wire({
    ...{ type: 'TelemetryQuarantined', ...HEAD, subject: HOSTILE.vehicleId, observedAtMs: 0 },
    samples: [
      { sampleIndex: 0, sample: { ...SAMPLE, observedAtMs: 0 }, clockText: HOSTILE.text, findings: [REASON] },
    ],
  }),
];

function logged(event: Event, index: number): LoggedEvent {
  return { position: { partition: 0, sequence: 1, index }, event };
}

function eventLog(
  asked: Asked,
  {
    partition: other,
    describeFault,
  }: { partition: Partial<PartitionInfo>; describeFault: Fault | undefined },
): GrpcService {
  const watermark = { partition: 0, sequence: 1, index: undefined };
  return grpcService(EventLogService, {
    describe: unary(async () => {
      if (describeFault) throw describeFault;
      const partition = {
        ...{ watermark, checkpoint: watermark, views: watermark },
        ...{ state: PartitionState.RUNNING, reason: '', owner: 'me' },
        ...{ lastError: '', lastErrorAtMs: 0, failingSinceMs: 0, ...other },
      };
      return { partitions: [partition], nowMs: Date.now() };
    }),
    setAsideMessage: unary(async ({ position }) => {
      if (position?.sequence !== 17) throw new Fault('RULE_VIOLATED', 'it halts nothing');
      return {};
    }),
    read: serverStream(async function* (request) {
      asked.reads.push(request);
      const events = request.subject === HOSTILE.vehicleId ? HOSTILE_EVENTS : EVENTS;
      const wanted = events.map(logged).filter(({ event }) => isWanted(request.types, event?.type ?? ''));
      for (const event of wanted.slice(0, request.limit || wanted.length)) yield { events: [event] };
    }),
    subscribe: serverStream(
      async function* (request, { signal }) {
        asked.subscriptions.push(request);
        const sequence = 1 + asked.subscriptions.length;
        const events = EVENTS.map((event, index) => ({ position: { partition: 0, sequence, index }, event }));
        yield { events, position: { partition: 0, sequence, index: undefined } };
        // The first connection breaks, the second stays.
        if (sequence === 2)
          throw new Fault('UNAVAILABLE', 'the server is shutting down', { retryAfterMs: 10 });
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      },
      { stays: true },
    ),
  });
}

function isWanted(types: readonly string[], type: string): boolean {
  return types.length > 0 ? types.includes(type) : type !== 'TimeTicked';
}

function projections(): GrpcService {
  const position = { partition: 0, sequence: 1, index: 0 };
  return grpcService(ProjectionsService, {
    listParked: unary(async () => ({
      parked: [{ projection: 'status', vehicleId: 'bus-1', position, reason: 'cannot be applied' }],
      nextPageToken: '',
    })),
    retryParked: unary(async () => ({ position: { ...position, sequence: 9 } })),
    dropParked: unary(async () => {
      throw new Fault('NOT_FOUND', 'nothing of bus-1 is parked in status');
    }),
  });
}
