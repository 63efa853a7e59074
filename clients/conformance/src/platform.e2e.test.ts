import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  InspectResponse,
  StatsResponse,
  WarmResponse,
} from '@odograph/client/generated/odograph/cache/v1/cache';
import { GetSeriesResponse } from '@odograph/client/generated/odograph/cache/v1/cached_history';
import {
  AgedStatus,
  Freshness,
  ListResponse as LatestStatusesResponse,
  StaleReason,
  WatchResponse,
} from '@odograph/client/generated/odograph/cache/v1/vehicle_status';
import { PartitionInfo } from '@odograph/client/generated/odograph/history/v1/event_log';
import {
  ListSamplesResponse,
  ListStatusResponse,
  RecordedSample,
  VehicleStatus,
} from '@odograph/client/generated/odograph/history/v1/vehicle_history';
import { Vehicle } from '@odograph/client/generated/odograph/history/v1/vehicle_registry';
import { Event } from '@odograph/client/generated/odograph/telemetry/v1/event';
import { Position } from '@odograph/client/generated/odograph/telemetry/v1/position';
import { UnitSystem } from '@odograph/client/generated/odograph/telemetry/v1/registration';
import { VehicleReport } from '@odograph/client/generated/odograph/telemetry/v1/report';
import {
  BatchResult,
  ConnectionLimits,
  DescribeResponse as IngestDescription,
  ReportOutcome,
  ReportResult,
} from '@odograph/client/generated/odograph/telemetry/v1/telemetry_ingest';
import { type Cluster, startCluster } from '@odograph/cluster/cluster';
import { projectRoot } from '@odograph/engines/project-paths';
import { eventually } from '@odograph/testing/eventually';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Driver, decoded, encoded, LANGUAGES, startDriver } from './driver.fixture.ts';

const START_MS = Date.parse('2024-05-01T08:00:00Z');
const HOUR_MS = 3_600_000;

let folder: string;
let cluster: Cluster;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'odograph-conformance-'));
  cluster = await startCluster({ dataDir: folder, caches: 1, alertings: 1 });
});

afterAll(async () => {
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

const history = () => cluster.histories[0] as Cluster['ingest'];
const cache = () => cluster.caches[0] as Cluster['ingest'];

interface ReportFields {
  readonly reportId?: string;
  readonly speedKmh?: number;
  readonly observedAtMs?: number;
  readonly place?: { readonly latitudeDeg: number; readonly longitudeDeg: number };
}

function report(vehicleId: string, { reportId = 'r-1', ...sample }: ReportFields = {}): string {
  const { speedKmh = 42.5, observedAtMs = START_MS, place } = sample;
  const samples = [{ observedAtMs, signals: { speedKmh, ...place } }];
  return encoded(VehicleReport, VehicleReport.fromPartial({ vehicleId, reportId, samples }));
}

const resultOf = ({ result }: { readonly result: string }) => decoded(ReportResult, result);
const isInOrder = (positions: readonly Position[]) =>
  positions.every((each, at) => at === 0 || isBefore(positions[at - 1] as Position, each));
/** A position without an index is that of a whole envelope, behind all its events. */
const isBefore = (a: Position, b: Position) =>
  a.sequence < b.sequence ||
  (a.sequence === b.sequence &&
    (a.index ?? Number.POSITIVE_INFINITY) < (b.index ?? Number.POSITIVE_INFINITY));

/** Whether an answer with this position has what is at the other one. */
const reaches = (position: Position | undefined, wanted: Position | undefined) =>
  position !== undefined &&
  wanted !== undefined &&
  position.partition === wanted.partition &&
  !isBefore(position, wanted);

/** Kills a process, which is started again, and waits until it is up. */
async function kill(process_: Cluster['ingest']): Promise<void> {
  const pid = process_.pid() as number;
  process.kill(pid, 'SIGKILL');
  await eventually(() => expect(process_.pid()).not.toBe(pid));
  await process_.start();
}

describe.each(LANGUAGES)('the client in %s, on the platform', (language) => {
  let driver: Driver;
  /** Names of this language, so that all share one platform. */
  const named = (name: string) => `${language}-${name}`.toLowerCase();

  beforeAll(() => {
    driver = startDriver(language, {
      ingest: cluster.endpoints.ingest,
      history: cluster.endpoints.histories[0] as string,
      cache: cluster.endpoints.caches[0] as string,
    });
  });
  afterAll(() => driver.close());

  /** Reports, and gives the encoded position of each result. */
  async function sendAll(reports: readonly string[]): Promise<readonly string[]> {
    const results = (await driver.all<{ result: string }>('report', { reports })).map(resultOf);
    return results.map(({ position }) => encoded(Position, position as Position));
  }

  test('gives each report its outcome, and reads its own write', async () => {
    const id = named('outcomes');
    const items = await driver.all<{ result: string }>('report', {
      reports: [
        report(id),
        report(id, { reportId: 'r-2', speedKmh: 4_000 }),
        report(id, { reportId: 'two words' }),
      ],
    });
    const [accepted, quarantined, rejected] = items.map(resultOf);
    expect(accepted).toMatchObject({ outcome: ReportOutcome.ACCEPTED, findings: [] });
    expect(quarantined?.outcome).toBe(ReportOutcome.QUARANTINED);
    expect(quarantined?.findings[0]).toMatchObject({
      field: 'samples[0].signals.speed_kmh',
      reason: 'OUT_OF_RANGE',
    });
    expect(rejected?.outcome).toBe(ReportOutcome.REJECTED);
    expect(rejected?.findings[0]?.field).toBe('report_id');

    const atLeast = encoded(Position, accepted?.position as Position);
    const answer = await driver.one<{ status: string; position: string }>('status', {
      vehicleId: id,
      atLeast,
    });
    expect(decoded(VehicleStatus, answer.status)).toMatchObject({
      vehicleId: id,
      signals: { speedKmh: 42.5 },
    });
    expect(isBefore(decoded(Position, answer.position), accepted?.position as Position)).toBe(false);
  });

  test('names the wrong fields of a call in which every report was rejected', async () => {
    const reports = [report('a b'), report(named('rejected'), { reportId: '' })];
    await expect(driver.all('report', { reports })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      findings: [{ field: 'reports[0].vehicle_id' }, { field: 'reports[1].report_id' }],
    });
  });

  test('tells what is not known from what is not allowed and what is wrong', async () => {
    const id = named('faults');
    await expect(driver.one('status', { vehicleId: id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(driver.one('vehicle', { vehicleId: id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const parked = { projection: 'status', vehicleId: id };
    await expect(driver.one('retryParked', parked)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(driver.one('dropParked', parked)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(driver.one('samplePage', { vehicleId: '', pageSize: 1 })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      findings: [{ field: 'vehicle_id' }],
    });
    await expect(driver.all('readLog', { types: ['Nope'] })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      findings: [{ reason: 'UNKNOWN_TYPE' }],
    });
    expect(await driver.all('parkedEvents', {})).toEqual([]);
  });

  test('reads all samples of a vehicle, a range of them, and single signals', async () => {
    const id = named('samples');
    const reports = Array.from({ length: 30 }, (_, at) =>
      report(id, { reportId: `r-${at}`, observedAtMs: START_MS + at * HOUR_MS, speedKmh: at }),
    );
    const atLeast = (await sendAll(reports)).at(-1);
    const speeds = async (args: object) => {
      const items = await driver.all<{ sample: string }>('samples', { vehicleId: id, atLeast, ...args });
      return items.map(({ sample }) => decoded(RecordedSample, sample).signals?.speedKmh);
    };
    expect(await speeds({})).toEqual(Array.from({ length: 30 }, (_, at) => at));
    expect(await speeds({ fromMs: START_MS + 3 * HOUR_MS, toMs: START_MS + 6 * HOUR_MS })).toEqual([3, 4, 5]);
    expect(await speeds({ signals: ['fuel_level_pct'] })).toEqual([]);
    expect((await speeds({ order: 'newest first' })).slice(0, 2)).toEqual([29, 28]);

    const { page } = await driver.one<{ page: string }>('samplePage', { vehicleId: id, pageSize: 7 });
    const { samples, total, nextPageToken } = decoded(ListSamplesResponse, page);
    expect({ count: samples.length, total }).toEqual({ count: 7, total: 30 });
    await expect(driver.one('statusPage', { pageSize: 1, pageToken: nextPageToken })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      findings: [{ field: 'page_token' }],
    });
  });

  test('decides about a registration once, and by version', async () => {
    const id = named('registered');
    const decide = (call: string, args: object) => {
      return driver.one<{ version: number; position: string }>(call, { vehicleId: id, ...args });
    };
    const fields = { fleet: named('fleet'), displayName: 'Number one', tags: ['new'], units: 'imperial' };
    const first = await decide('registerVehicle', { fields, decisionId: 'd-1' });
    expect(first.version).toBe(1);
    expect(await decide('registerVehicle', { fields, decisionId: 'd-1' })).toEqual(first);
    await expect(decide('registerVehicle', { fields })).rejects.toMatchObject({ code: 'RULE_VIOLATED' });
    await expect(
      decide('updateVehicle', { fields: { model: 'M' }, expectedVersion: 7 }),
    ).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    await expect(decide('updateVehicle', { fields: { vin: 'short' } })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      findings: [{ field: 'vin' }],
    });
    const { position: atLeast } = await decide('updateVehicle', {
      fields: { model: 'M', tags: [] },
      expectedVersion: 1,
    });
    const { vehicle } = await driver.one<{ vehicle: string }>('vehicle', { vehicleId: id, atLeast });
    expect(decoded(Vehicle, vehicle)).toMatchObject({
      version: 2,
      registration: { model: 'M', displayName: 'Number one', tags: [], units: UnitSystem.IMPERIAL },
    });
  });

  test('lists the vehicles and statuses of a fleet, and the retired ones when asked', async () => {
    const fleet = named('listed');
    const ids = ['a', 'b', 'c'].map((name) => named(`listed-${name}`));
    for (const vehicleId of ids) await driver.one('registerVehicle', { vehicleId, fields: { fleet } });
    await driver.one('retireVehicle', { vehicleId: ids[1] });
    const marks = await driver.all<{ position: string }>('watermarks', {});
    const atLeast = marks.map(({ position }) => position);
    const vehicles = async (filter: object) =>
      (await driver.all<{ vehicle: string }>('vehicles', { filter, atLeast })).map(
        ({ vehicle }) => decoded(Vehicle, vehicle).vehicleId,
      );
    const statuses = async (filter: object) =>
      (await driver.all<{ status: string }>('statuses', { filter, atLeast })).map(
        ({ status }) => decoded(VehicleStatus, status).vehicleId,
      );
    for (const list of [vehicles, statuses]) {
      expect(await list({ fleet })).toEqual([ids[0], ids[2]]);
      expect(await list({ fleet, includeRetired: true })).toEqual(ids);
      expect(await list({ fleet, text: 'LISTED-C' })).toEqual([ids[2]]);
    }
    const page = { filter: { fleet }, pageSize: 1, pageToken: '' };
    const { page: answer } = await driver.one<{ page: string }>('statusPage', page);
    expect(decoded(ListStatusResponse, answer).statuses).toHaveLength(1);
  });

  test('has a report in the latest status as soon as it is acknowledged', async () => {
    const id = named('latest');
    await expect(driver.one('latestStatus', { vehicleId: id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    for (const speedKmh of [1, 2, 3]) {
      const fields = { reportId: `r-${speedKmh}`, speedKmh, observedAtMs: START_MS + speedKmh };
      const [atLeast = ''] = await sendAll([report(id, fields)]);
      const answer = await driver.one<Record<string, string>>('latestStatus', { vehicleId: id, atLeast });
      expect(decoded(VehicleStatus, answer['status'] ?? '')).toMatchObject({
        vehicleId: id,
        signals: { speedKmh },
      });
      const position = decoded(Position, answer['position'] ?? '');
      expect(isBefore(position, decoded(Position, atLeast))).toBe(false);
      const { staleReason } = decoded(Freshness, answer['freshness'] ?? '');
      expect(staleReason).toBe(StaleReason.UNSPECIFIED);
    }
  });

  test('lists the latest statuses as history does, of a place too, and page by page', async () => {
    const fleet = named('latest-fleet');
    const ids = ['a', 'b', 'c'].map((name) => named(`latest-${name}`));
    const [north, south] = [
      { latitudeDeg: 50, longitudeDeg: 5 },
      { latitudeDeg: -50, longitudeDeg: 5 },
    ];
    for (const vehicleId of ids) await driver.one('registerVehicle', { vehicleId, fields: { fleet } });
    const atLeast = await sendAll(ids.map((id, at) => report(id, { place: at === 1 ? south : north })));
    const latest = async (filter: object) =>
      (await driver.all<{ aged: string }>('latestStatuses', { filter: { fleet, ...filter }, atLeast })).map(
        ({ aged }) => decoded(AgedStatus, aged),
      );
    const found = await latest({});
    const known = await driver.all<{ status: string }>('statuses', { filter: { fleet }, atLeast });
    expect(found.map(({ status }) => status)).toEqual(
      known.map(({ status }) => decoded(VehicleStatus, status)),
    );
    expect(found.every(({ freshness }) => freshness?.staleReason === StaleReason.UNSPECIFIED)).toBe(true);
    const reported = atLeast.map((text) => decoded(Position, text));
    expect(found.map(({ position }, at) => reaches(position, reported[at]))).toEqual(ids.map(() => true));
    const idsOf = (statuses: readonly AgedStatus[]) => statuses.map(({ status }) => status?.vehicleId);
    expect(idsOf(found)).toEqual(ids);
    expect(idsOf(await latest({ text: 'LATEST-C' }))).toEqual([ids[2]]);
    expect(idsOf(await latest({ vehicleIds: [ids[0]] }))).toEqual([ids[0]]);
    const box = { southDeg: -51, westDeg: 4, northDeg: -49, eastDeg: 6 };
    expect(idsOf(await latest({ box }))).toEqual([ids[1]]);

    const page = async (pageToken: string) => {
      const args = { filter: { fleet }, pageSize: 2, pageToken };
      const { page: answer } = await driver.one<{ page: string }>('latestStatusPage', args);
      return decoded(LatestStatusesResponse, answer);
    };
    const first = await page('');
    expect(idsOf(first.statuses)).toEqual(ids.slice(0, 2));
    expect(first.positions.map(({ partition }) => partition)).toEqual([0, 1]);
    const last = await page(first.nextPageToken);
    expect([idsOf(last.statuses), last.nextPageToken]).toEqual([ids.slice(2), '']);
  });

  test('watches what is, then each change, and begins again when the cache was killed', async () => {
    const fleet = named('watched');
    const ids = ['a', 'b', 'c'].map((name) => named(`watched-${name}`)) as [string, string, string];
    const [a, b, c] = ids;
    for (const vehicleId of ids) await driver.one('registerVehicle', { vehicleId, fields: { fleet } });
    const drive = (id: string, speedKmh: number) =>
      sendAll([report(id, { reportId: `r-${speedKmh}`, speedKmh, observedAtMs: START_MS + speedKmh })]);
    for (const id of ids) {
      const [atLeast] = await drive(id, 1);
      await driver.one('latestStatus', { vehicleId: id, atLeast });
    }
    const watching = driver.start<{ message: string }>('watchStatuses', { filter: { fleet } });
    const messages: WatchResponse[] = [];
    const speeds = new Map<string | undefined, number | undefined>();
    const reading = (async () => {
      for await (const { message } of watching) {
        const change = decoded(WatchResponse, message);
        const { statuses, leftVehicleIds, beginsAgain } = change;
        if (beginsAgain) speeds.clear();
        for (const { status } of statuses) speeds.set(status?.vehicleId, status?.signals?.speedKmh);
        for (const id of leftVehicleIds) speeds.delete(id);
        messages.push(change);
      }
    })();
    await eventually(() => expect(messages.some(({ isComplete }) => isComplete)).toBe(true));
    expect(messages[0]?.beginsAgain).toBe(true);
    await eventually(() => expect(Object.fromEntries(speeds)).toEqual({ [a]: 1, [b]: 1, [c]: 1 }));
    await drive(a, 50);
    await driver.one('updateVehicle', { vehicleId: c, fields: { fleet: named('elsewhere') } });
    await eventually(() => expect(Object.fromEntries(speeds)).toEqual({ [a]: 50, [b]: 1 }));

    const before = messages.length;
    const killed = kill(cache());
    await drive(b, 60);
    await killed;
    await eventually(() => expect(Object.fromEntries(speeds)).toEqual({ [a]: 50, [b]: 60 }));
    await drive(b, 61);
    await eventually(() => expect(Object.fromEntries(speeds)).toEqual({ [a]: 50, [b]: 61 }));
    expect(messages.slice(before).filter(({ beginsAgain }) => beginsAgain)).not.toEqual([]);
    watching.cancel();
    await reading;
  });

  test('has a page of samples of the cache as history has it, also after a late report', async () => {
    const id = named('cached-samples');
    const reports = Array.from({ length: 8 }, (_, at) =>
      report(id, { reportId: `r-${at}`, observedAtMs: START_MS + at * HOUR_MS, speedKmh: at }),
    );
    let atLeast = (await sendAll(reports)).at(-1) as string;
    const range = { vehicleId: id, fromMs: START_MS, toMs: START_MS + 6 * HOUR_MS };
    const page = async (call: string, pageToken: string) => {
      const args = { ...range, atLeast, pageSize: 4, pageToken };
      const answer = await driver.one<{ page: string; freshness?: string }>(call, args);
      const { position, ...content } = decoded(ListSamplesResponse, answer.page);
      expect(reaches(position, decoded(Position, atLeast))).toBe(true);
      const { staleReason } = decoded(Freshness, answer.freshness ?? '');
      expect(staleReason).toBe(StaleReason.UNSPECIFIED);
      return content;
    };
    const isAsHistory = async (counts: readonly number[]) => {
      let pageToken = '';
      for (const count of counts) {
        const known = await page('samplePage', pageToken);
        expect(known.samples).toHaveLength(count);
        expect(await page('cachedSamplePage', pageToken)).toEqual(known);
        expect(await page('cachedSamplePage', pageToken)).toEqual(known);
        pageToken = known.nextPageToken;
      }
      expect(pageToken).toBe('');
    };
    await isAsHistory([4, 2]);
    const late = report(id, { reportId: 'late', observedAtMs: START_MS + HOUR_MS / 2, speedKmh: 99 });
    atLeast = (await sendAll([late]))[0] as string;
    await isAsHistory([4, 3]);
    const samples = await driver.all<{ sample: string }>('cachedSamples', { ...range, atLeast });
    const speeds = samples.map(({ sample }) => decoded(RecordedSample, sample).signals?.speedKmh);
    expect(speeds).toEqual([0, 99, 1, 2, 3, 4, 5]);
    await expect(page('cachedSamplePage', 'not-a-token')).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      findings: [{ field: 'page_token', reason: 'UNKNOWN_TOKEN' }],
    });
  });

  test('cuts a signal over a time range into parts, also after a late report', async () => {
    const id = named('series');
    const reports = [0, 1, 2, 3, 6].map((at) =>
      report(id, { reportId: `r-${at}`, observedAtMs: START_MS + at * HOUR_MS, speedKmh: at }),
    );
    let atLeast = (await sendAll(reports)).at(-1) as string;
    const series = async (args: object = {}) => {
      const range = {
        vehicleId: id,
        signalName: 'speed_kmh',
        fromMs: START_MS,
        toMs: START_MS + 8 * HOUR_MS,
      };
      const answer = await driver.one<{ series: string }>('series', {
        ...range,
        points: 4,
        atLeast,
        ...args,
      });
      const { position, freshness, ...content } = decoded(GetSeriesResponse, answer.series);
      expect(reaches(position, decoded(Position, atLeast))).toBe(true);
      expect(freshness?.staleReason).toBe(StaleReason.UNSPECIFIED);
      return content;
    };
    const first = { fromMs: START_MS, count: 2, min: 0, max: 1, mean: 0.5, last: 1 };
    const rest = [
      { fromMs: START_MS + 2 * HOUR_MS, count: 2, min: 2, max: 3, mean: 2.5, last: 3 },
      { fromMs: START_MS + 6 * HOUR_MS, count: 1, min: 6, max: 6, mean: 6, last: 6 },
    ];
    const widthMs = 2 * HOUR_MS;
    expect(await series()).toEqual({ points: [first, ...rest], widthMs });
    expect(await series()).toEqual({ points: [first, ...rest], widthMs });
    expect(await series({ signalName: 'fuel_level_pct' })).toEqual({ points: [], widthMs });
    const late = report(id, { reportId: 'late', observedAtMs: START_MS + HOUR_MS / 2, speedKmh: 8 });
    atLeast = (await sendAll([late]))[0] as string;
    const changed = { ...first, count: 3, max: 8, mean: 3 };
    expect(await series()).toEqual({ points: [changed, ...rest], widthMs });
    for (const [field, reason, wrong] of [
      ['signal', 'UNKNOWN_SIGNAL', { signalName: 'nothing' }],
      ['vehicle_id', 'INVALID_VEHICLE_ID', { vehicleId: 'a b' }],
      ['to_ms', 'EMPTY_RANGE', { toMs: START_MS }],
    ] as const)
      await expect(series(wrong)).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        findings: [{ field, reason }],
      });
  });

  test('has the registration of a vehicle as history has it, also after a change', async () => {
    const id = named('cached-vehicle');
    await expect(driver.one('cachedVehicle', { vehicleId: id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const decide = async (call: string, fields: object) =>
      await driver.one<{ version: number; position: string }>(call, { vehicleId: id, fields });
    for (const [call, fields] of [
      ['registerVehicle', { displayName: 'Number one', tags: ['new'], units: 'imperial' }],
      ['updateVehicle', { model: 'M', tags: [] }],
      ['retireVehicle', {}],
    ] as const) {
      const { version, position: atLeast } = await decide(call, fields);
      const args = { vehicleId: id, atLeast };
      const answer = await driver.one<Record<string, string>>('cachedVehicle', args);
      const { vehicle } = await driver.one<{ vehicle: string }>('vehicle', args);
      const cached = decoded(Vehicle, answer['vehicle'] ?? '');
      expect(cached).toEqual(decoded(Vehicle, vehicle));
      expect(cached.version).toBe(version);
      const position = decoded(Position, answer['position'] ?? '');
      expect(reaches(position, decoded(Position, atLeast))).toBe(true);
      const { staleReason } = decoded(Freshness, answer['freshness'] ?? '');
      expect(staleReason).toBe(StaleReason.UNSPECIFIED);
    }
  });

  test('shows what the cache holds, makes it invalid and loads it again', async () => {
    const id = named('held');
    const key = `status:${id}`;
    const held = async () => {
      const { answer } = await driver.one<{ answer: string }>('inspectCache', { key });
      const { levels } = decoded(InspectResponse, answer);
      return levels.flatMap(({ level, isValid }) => (isValid ? [level] : []));
    };
    const [atLeast] = await sendAll([report(id)]);
    await driver.one('latestStatus', { vehicleId: id, atLeast });
    expect(await held()).toContain('memory');
    const invalidation = { keys: [key] };
    expect(await driver.one('invalidateCache', { invalidation })).toEqual({ isDegraded: false });
    expect(await held()).toEqual([]);
    const warming = { vehicleIds: [id] };
    const progress = await driver.all<{ progress: string }>('warmCache', { warming });
    const last = progress.at(-1)?.progress ?? '';
    expect(decoded(WarmResponse, last)).toEqual({ done: 1, failed: 0, total: 1 });
    expect(await held()).toContain('memory');
    const { answer } = await driver.one<{ answer: string }>('cacheStats', {});
    expect(decoded(StatsResponse, answer)).toMatchObject({
      types: expect.arrayContaining([expect.objectContaining({ type: 'status' })]),
      levels: [{ level: 'redis' }, { level: 'files' }],
      partitions: [{ partition: 0 }, { partition: 1 }],
    });
  });

  test('names what is wrong with a question to the cache', async () => {
    const wrong = (field: string, reason: string) => ({
      code: 'INVALID_INPUT',
      findings: [{ field, reason }],
    });
    const box = { southDeg: 1, westDeg: 2, northDeg: 91, eastDeg: 3 };
    await expect(driver.one('latestStatus', { vehicleId: 'a b' })).rejects.toMatchObject(
      wrong('vehicle_id', 'INVALID_VEHICLE_ID'),
    );
    for (const call of ['latestStatuses', 'watchStatuses'])
      await expect(driver.all(call, { filter: { box } })).rejects.toMatchObject(
        wrong('conditions.box.north_deg', 'OUT_OF_RANGE'),
      );
    await expect(driver.one('inspectCache', { key: 'nothing' })).rejects.toMatchObject(
      wrong('key', 'INVALID_KEY'),
    );
    await expect(driver.one('invalidateCache', { invalidation: {} })).rejects.toMatchObject(
      wrong('', 'NOTHING_NAMED'),
    );
    await expect(driver.all('warmCache', { warming: {} })).rejects.toMatchObject(wrong('', 'ONE_CHOICE'));
  });

  test('reads the log with a filter, as far as a position', async () => {
    const id = named('read');
    const positions = await sendAll([0, 1, 2].map((at) => report(id, { reportId: `r-${at}` })));
    const read = async (args: object) =>
      (await driver.all<{ event: string; position: string }>('readLog', { subject: id, ...args })).map(
        ({ event, position }) => ({ ...decoded(Event, event), position: decoded(Position, position) }),
      );
    const events = await read({ types: ['TelemetryReported'], atLeast: positions.slice(-1) });
    expect(events.map(({ subject }) => subject)).toEqual([id, id, id]);
    expect(isInOrder(events.map(({ position }) => position))).toBe(true);
    expect(await read({ after: positions.slice(0, 1) })).toHaveLength(2);
    expect(await read({ limit: 1 })).toHaveLength(1);
    const [intake = { answer: '' }] = await driver.all<{ answer: string }>('describeIngest', {});
    expect(decoded(IngestDescription, intake.answer)).toMatchObject({
      partitions: [{ partition: 0 }, { partition: 1 }],
      refusal: undefined,
    });
    const position = encoded(Position, { partition: 0, sequence: 2 ** 40 });
    await expect(driver.all('setMessageAside', { position })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const partitions = await driver.all<{ partition: string }>('describeLog', {});
    const marks = partitions.map(({ partition }) => decoded(PartitionInfo, partition).watermark?.partition);
    expect(marks).toEqual(partitions.map((_, at) => at));
  });

  test('follows the log while history is killed, without a gap or a double', async () => {
    const id = named('followed');
    const [first = ''] = await sendAll([report(id)]);
    const follower = driver.start<{ event: string; position: string }>('events', {
      after: [first],
      subject: id,
    });
    const [ids, positions]: [string[], Position[]] = [[], []];
    const following = (async () => {
      for await (const { event, position } of follower) {
        positions.push(decoded(Position, position));
        ids.push(String(decoded(Event, event).observedAtMs - START_MS));
      }
    })();
    for (let at = 1; at <= 6; at += 1) {
      if (at === 3 || at === 5) await kill(history());
      await sendAll([report(id, { reportId: `r-${at}`, observedAtMs: START_MS + at })]);
    }
    await eventually(() => expect(ids).toEqual(['1', '2', '3', '4', '5', '6']));
    expect(isInOrder(positions)).toBe(true);
    follower.cancel();
    await following;
  });

  test('follows from now on, only what is asked for', async () => {
    const id = named('now');
    const [before = ''] = await sendAll([report(id)]);
    await driver.one('status', { vehicleId: id, atLeast: before });
    const filter = { types: ['TelemetryReported'], subject: id };
    const follower = driver.start<{ event: string }>('events', { from: 'now', ...filter });
    const events: Event[] = [];
    const following = (async () => {
      for await (const { event } of follower) events.push(decoded(Event, event));
    })();
    await driver.one('registerVehicle', { vehicleId: id });
    for (let at = 1; events.length < 2; at += 1) {
      await sendAll([report(id, { reportId: `r-${at}`, observedAtMs: START_MS + at })]);
      await delay(50);
    }
    follower.cancel();
    await following;
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(['TelemetryReported']));
    expect(events.every(({ observedAtMs }) => observedAtMs > START_MS)).toBe(true);
  });

  test('learns that a position is never reached before its own deadline', async () => {
    const [position = ''] = await sendAll([report(named('far'))]);
    const far = decoded(Position, position);
    const beyond = encoded(Position, { ...far, sequence: far.sequence + 1_000_000 });
    const args = { vehicleId: named('far'), atLeast: beyond, deadlineMs: 1_500 };
    await expect(driver.one('status', args)).rejects.toMatchObject({
      code: 'DEADLINE',
      message: expect.stringMatching(/status of partition \d is at/),
    });
    await expect(driver.all('eventBatches', { after: [beyond] })).rejects.toMatchObject({
      code: 'OUT_OF_RANGE',
    });
  });

  test('speaks the connection itself', async () => {
    const batches = [[report(named('connection'))], [report('a b'), report(named('connection'))]];
    const [limits, ...rest] = await driver.all<Record<string, string>>('connect', { batches });
    expect(decoded(ConnectionLimits, String(limits?.['limits'])).windowBatches).toBeGreaterThan(0);
    const results = rest.slice(0, 2).map(({ batch = '' }) => decoded(BatchResult, batch));
    expect(results.map(({ number }) => number)).toEqual([1, 2]);
    expect(results[1]?.results.map(({ outcome }) => outcome)).toEqual([
      ReportOutcome.REJECTED,
      ReportOutcome.ACCEPTED,
    ]);
    expect(rest.at(-1)).toEqual({ hasEnded: true });
  });

  test('sends a stream while ingest and history are killed: each report one outcome, once in the log', async () => {
    const id = named('sent');
    const rows = 3_000;
    const sending = driver.start<{ row: number; result: string }>('send', {
      batchReports: 50,
      lingerMs: 20,
    });
    const outcomes: { row: number; outcome: ReportOutcome }[] = [];
    // The second time only once it is up again.
    let ingestKills = Promise.resolve();
    let historyKill = Promise.resolve();
    const crashesBefore = cluster.ingest.crashes();
    const sent = (async () => {
      for await (const { row, result } of sending)
        outcomes.push({ row, outcome: decoded(ReportResult, result).outcome });
    })();
    for (let row = 0; row < rows; row += 1) {
      if (row === 500 || row === 2_000) ingestKills = ingestKills.then(() => kill(cluster.ingest));
      if (row === 1_500) historyKill = kill(history());
      const observedAtMs = START_MS + row * 1_000;
      sending.push({ row, report: report(id, { reportId: `r-${row}`, observedAtMs }) });
      if (row % 50 === 0) await delay(50);
    }
    sending.finish();
    await Promise.all([sent, ingestKills, historyKill]);
    expect(cluster.ingest.crashes()).toBe(crashesBefore + 2);

    const inOrder = outcomes.toSorted((a, b) => a.row - b.row);
    expect(inOrder.map(({ row }) => row)).toEqual(Array.from({ length: rows }, (_, row) => row));
    expect(outcomes.filter(({ outcome }) => outcome !== ReportOutcome.ACCEPTED)).toEqual([]);
    const marks = await driver.all<{ position: string }>('watermarks', {});
    const logged = await eventually(async () => {
      const events = await driver.all<{ event: string }>('readLog', {
        subject: id,
        atLeast: marks.map(({ position }) => position),
      });
      expect(events.length).toBeGreaterThanOrEqual(rows);
      return events.map(({ event }) => decoded(Event, event).observedAtMs);
    });
    expect(new Set(logged).size).toBe(logged.length);
    expect(logged).toHaveLength(rows);
  });

  test('reports again until a killed ingest is back', async () => {
    const killed = kill(cluster.ingest);
    const reports = [report(named('again'))];
    const [item] = await driver.all<{ result: string }>('report', { reports, deadlineMs: 25_000 });
    await killed;
    expect(item && resultOf(item)).toMatchObject({ outcome: ReportOutcome.ACCEPTED });
  });

  test('says which endpoint is missing, cannot be reached, or is another service', async () => {
    const { ingest } = cluster.endpoints;
    const lost = startDriver(language, { ingest: '127.0.0.1:1' });
    const swapped = startDriver(language, { history: ingest, cache: ingest });
    try {
      for (const call of ['status', 'latestStatus'])
        await expect(lost.one(call, { vehicleId: 'v' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
      await expect(lost.all('report', { reports: [report('v')], maxAttempts: 1 })).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: expect.stringContaining('cannot reach 127.0.0.1:1'),
      });
      for (const call of ['status', 'latestStatus'])
        await expect(swapped.one(call, { vehicleId: 'v' })).rejects.toMatchObject({
          code: 'INVALID_INPUT',
          message: expect.stringContaining(`is ${ingest} another service`),
        });
    } finally {
      lost.close();
      swapped.close();
    }
  });
});

test('the Python client passes its own tests, those of reflection too', async () => {
  const { ingest, histories, caches, alertings } = cluster.endpoints;
  const endpoints = {
    ...{ ODO_TEST_INGEST: ingest, ODO_TEST_HISTORY: histories[0] },
    ...{ ODO_TEST_CACHE: caches[0], ODO_TEST_ALERTING: alertings[0] },
  };
  const env = { ...process.env, ...endpoints };
  const args = ['-m', 'pytest', '-q', 'clients/python/tests'];
  const { stdout } = await promisify(execFile)('clients/python/scripts/python', args, {
    cwd: projectRoot,
    env,
  });
  expect(stdout).toMatch(/^\d+ passed/m);
});
