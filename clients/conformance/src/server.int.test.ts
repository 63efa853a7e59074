import { type handleUnaryCall, status } from '@grpc/grpc-js';
import {
  CACHE_ANSWERS,
  type CacheScript,
  type ScriptedCache,
  startScriptedCache,
  type WatchTurn,
  watchMessages,
} from '@odograph/client/cache.fixture';
import { WarmResponse } from '@odograph/client/generated/odograph/cache/v1/cache';
import { GetSeriesResponse } from '@odograph/client/generated/odograph/cache/v1/cached_history';
import {
  AgedStatus,
  Freshness,
  WatchResponse,
} from '@odograph/client/generated/odograph/cache/v1/vehicle_status';
import {
  ListSamplesResponse,
  RecordedSample,
  SampleOrder,
  VehicleStatus,
} from '@odograph/client/generated/odograph/history/v1/vehicle_history';
import {
  type RegisterRequest,
  type RegisterResponse,
  Vehicle,
  VehicleRegistryService,
} from '@odograph/client/generated/odograph/history/v1/vehicle_registry';
import { Event } from '@odograph/client/generated/odograph/telemetry/v1/event';
import { Position } from '@odograph/client/generated/odograph/telemetry/v1/position';
import { VehicleReport } from '@odograph/client/generated/odograph/telemetry/v1/report';
import {
  ReportOutcome,
  ReportResult,
} from '@odograph/client/generated/odograph/telemetry/v1/telemetry_ingest';
import { eventsOf, type ScriptedLog, startLog, type Turn } from '@odograph/client/history.fixture';
import {
  type Answer,
  acceptAll,
  ackOf,
  type IngestScript,
  idsOf,
  idsUpTo,
  notStored,
  outcome,
  rowOf,
  type ScriptedIngest,
  startScriptedIngest,
} from '@odograph/client/ingest.fixture';
import { overloaded, serviceError, startServer, unavailable } from '@odograph/client/server.fixture';
import { encodeReport } from '@odograph/client/wire';
import { eventually } from '@odograph/testing/eventually';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Driver, decoded, encoded, LANGUAGES, startDriver } from './driver.fixture.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

interface Sent {
  readonly row: number;
  readonly result: ReportResult;
  readonly attempts: number;
}

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);
const accepted = (sent: readonly Sent[]) =>
  sent.filter(({ result }) => result.outcome === ReportOutcome.ACCEPTED).map(({ row }) => row);
const sorted = (rows: readonly number[]) => rows.toSorted((a, b) => a - b);
const resent = (sent: readonly Sent[]) => sent.reduce((sum, { attempts }) => sum + attempts - 1, 0);
const wire = (row: number, vehicle?: string) =>
  Buffer.from(encodeReport(rowOf(row, vehicle).report)).toString('base64');

describe.each(LANGUAGES)('the client in %s, with a server', (language) => {
  const turns: Turn[] = [];
  const script: Mutable<IngestScript> = {};
  let ingest: ScriptedIngest;
  let log: ScriptedLog;
  const cacheScript: Mutable<CacheScript> = {};
  let cache: ScriptedCache;
  let driver: Driver;

  beforeAll(async () => {
    ingest = await startScriptedIngest(script);
    log = await startLog({ turns });
    cache = await startScriptedCache(cacheScript);
    const [history, latest] = [log.endpoint, cache.endpoint];
    driver = startDriver(language, { ingest: ingest.endpoint, history, cache: latest });
  });
  beforeEach(() => {
    for (const key of Object.keys(script)) delete script[key as keyof IngestScript];
    for (const key of Object.keys(cacheScript)) delete cacheScript[key as keyof CacheScript];
    reset();
  });
  afterAll(() => {
    driver.close();
    ingest.kill();
    log.kill();
    cache.kill();
  });

  function reset(): void {
    ingest.batches.length = 0;
    ingest.connections = 0;
    log.subscriptions.length = 0;
    turns.length = 0;
    cache.watches.length = 0;
    cache.asked.length = 0;
  }

  async function send(reports: number | readonly string[], options: object = {}): Promise<readonly Sent[]> {
    const wires = typeof reports === 'number' ? upTo(reports).map((row) => wire(row)) : reports;
    const call = driver.start<{ row: number; result: string; attempts: number }>('send', {
      ...{ batchReports: 10, lingerMs: 20 },
      ...options,
    });
    for (const [at, report] of wires.entries()) call.push({ row: at + 1, report });
    call.finish();
    const sent = await Array.fromAsync(call);
    return sent.map(({ result, ...rest }) => ({ ...rest, result: decoded(ReportResult, result) }));
  }

  test('sends every report once, in order, in batches, and gives each its outcome', async () => {
    const sent = await send(37);
    expect(idsOf(ingest.batches)).toEqual(idsUpTo(37));
    expect(ingest.batches.every(({ length }) => length <= 10)).toBe(true);
    expect(accepted(sent)).toEqual(upTo(37));
    expect(resent(sent)).toBe(0);
  });

  test('takes acknowledgements that cover many batches', async () => {
    Object.assign(script, { ackEvery: 3, windowBatches: 3 });
    const sent = await send(90);
    expect(accepted(sent)).toEqual(upTo(90));
    expect(resent(sent)).toBe(0);
  });

  test("gives the server's outcomes and findings as they are", async () => {
    const finding = { field: 'vehicle_id', reason: 'X', description: 'is odd' };
    const results = [
      { ...outcome(ReportOutcome.ACCEPTED), findings: [finding] },
      outcome(ReportOutcome.QUARANTINED),
      { outcome: ReportOutcome.REJECTED, findings: [finding] },
    ];
    script.answer = () => ({ results });
    expect((await send(3)).map(({ result }) => result)).toMatchObject(results);
  });

  test('connects to nothing for a source without a report', async () => {
    expect(await send(0)).toEqual([]);
    expect(ingest.connections).toBe(0);
  });

  test('keeps no more batches under way than the server allows, each within its limits', async () => {
    let [underWay, most] = [0, 0];
    Object.assign(script, { windowBatches: 2, ackEvery: 2, maxReports: 4 });
    script.answer = (reports, number) => {
      underWay += 1;
      most = Math.max(most, underWay);
      if (number % 2 === 0) underWay = 0;
      return acceptAll(reports, number);
    };
    expect(accepted(await send(40))).toEqual(upTo(40));
    expect(most).toBeLessThanOrEqual(2);
    expect(ingest.batches.every(({ length }) => length <= 4)).toBe(true);
  });

  test('takes limits of 0 as 1', async () => {
    Object.assign(script, { windowBatches: 0, maxReports: 0 });
    expect(accepted(await send(3))).toEqual([1, 2, 3]);
  });

  test('cuts batches by bytes, and rejects a report that fits into none', async () => {
    script.maxBytes = 120;
    const others = { 'Vehicle.Overlay.Text': { kind: { $case: 'text' as const, value: 'x'.repeat(900) } } };
    const samples = [{ observedAtMs: 2_000, signals: { others } }];
    const large = encoded(
      VehicleReport,
      VehicleReport.fromPartial({ vehicleId: 'v', reportId: 'l', samples }),
    );
    const sent = await send([wire(1), large, wire(3), wire(4)]);
    expect(sorted(accepted(sent))).toEqual([1, 3, 4]);
    expect(sent.find(({ row }) => row === 2)).toMatchObject({
      attempts: 0,
      result: {
        outcome: ReportOutcome.REJECTED,
        findings: [{ reason: 'TOO_LARGE', description: 'larger than the 120 bytes a message may have' }],
      },
    });
    expect(ingest.batches.length).toBeGreaterThan(1);
  });

  test('sends a report that waits for no others after the linger time', async () => {
    const call = driver.start<{ row: number }>('send', { batchReports: 10, lingerMs: 20 });
    call.push({ row: 1, report: wire(1) });
    await eventually(() => expect(ingest.batches).toHaveLength(1));
    call.push({ row: 2, report: wire(2) });
    call.finish();
    expect((await Array.fromAsync(call)).map(({ row }) => row)).toEqual([1, 2]);
  });

  test('waits as long as a refusal says, then sends the same again', async () => {
    const times: number[] = [];
    script.windowBatches = 1;
    script.answer = (reports, number) => {
      times.push(performance.now());
      return number === 2 ? { refused: overloaded('too fast', 150) } : acceptAll(reports, number);
    };
    const sent = await send(37);
    expect(accepted(sent)).toEqual(upTo(37));
    expect(resent(sent)).toBe(10);
    expect(ingest.batches[2]).toEqual(ingest.batches[1]);
    expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThanOrEqual(145);
  });

  test('waits as long as a refusal says, also when the connection breaks in between', async () => {
    const times: number[] = [];
    script.windowBatches = 2;
    script.answer = (reports, number) => {
      times.push(performance.now());
      if (number === 1) return { refused: overloaded('too fast', 400) };
      return number === 2 ? { cut: unavailable('gone', 1) } : acceptAll(reports, number);
    };
    expect(sorted(accepted(await send(20)))).toEqual(upTo(20));
    expect((times[2] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(395);
  });

  test("sends only the reports again that were not stored, after the server's delay", async () => {
    const times: number[] = [];
    script.answer = (reports, number) => {
      times.push(performance.now());
      const isStored = (at: number) => number > 1 || at % 2 > 0;
      return { results: reports.map((_, at) => (isStored(at) ? outcome(1) : notStored(100))) };
    };
    const sent = await send(10);
    expect(sorted(accepted(sent))).toEqual(upTo(10));
    expect(resent(sent)).toBe(5);
    expect(idsOf(ingest.batches.slice(1))).toEqual(idsUpTo(10).filter((_, at) => at % 2 === 0));
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(95);
  });

  test('sends the other vehicles while some wait, up to the window', async () => {
    const stored: string[] = [];
    script.windowBatches = 3;
    script.answer = (reports) => ({
      results: reports.map(({ vehicleId }) => {
        const isStored = vehicleId === 'here' || stored.length >= 80;
        if (isStored) stored.push(vehicleId);
        return isStored ? outcome(ReportOutcome.ACCEPTED) : notStored(20);
      }),
    });
    const sent = await send(upTo(100).map((row) => wire(row, row <= 20 ? 'away' : 'here')));
    expect(sorted(accepted(sent))).toEqual(upTo(100));
    expect(stored.lastIndexOf('here')).toBe(79);
  });

  test('connects again after a cut and sends what was not acknowledged, first and in order', async () => {
    script.answer = (reports, number) =>
      number === 2 ? { cut: unavailable('gone', 10) } : acceptAll(reports, number);
    const sent = await send(37);
    const { batches } = ingest;
    expect(ingest.connections).toBe(2);
    expect(sorted(accepted(sent))).toEqual(upTo(37));
    expect(resent(sent)).toBeGreaterThanOrEqual(10);
    const again = batches.findIndex((batch, at) => at > 1 && batch[0]?.reportId === 'v@11');
    expect(batches[again]).toEqual(batches[1]);
    expect(idsOf(batches.slice(again))).toEqual(idsUpTo(37).slice(10));
  });

  test('gives every report one outcome, whatever the server refuses, forgets or cuts', async () => {
    const trouble: Record<string, (count: number) => Answer> = {
      refuse: () => ({ refused: overloaded('too fast', 1) }),
      cut: () => ({ cut: unavailable('gone', 1) }),
      forget: (count) => ({
        results: Array.from({ length: count }, (_, at) => (at % 3 ? outcome(1) : notStored())),
      }),
    };
    const plans = fc.array(fc.constantFrom('accept', ...Object.keys(trouble)), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(plans, fc.integer({ min: 1, max: 4 }), async (plan, ackEvery) => {
        reset();
        Object.assign(script, { ackEvery, windowBatches: 4 });
        script.answer = (reports, number) =>
          trouble[plan[number - 1] ?? 'accept']?.(reports.length) ?? acceptAll(reports, number);
        const sent = await send(37, { batchReports: 4 });
        expect(sorted(accepted(sent))).toEqual(upTo(37));
        expect(new Set(idsOf(ingest.batches))).toEqual(new Set(idsUpTo(37)));
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  test('finds the reports at fault when a batch is refused for its content', async () => {
    script.answer = (reports, number) => {
      const bad = reports.findIndex(({ reportId }) => reportId === 'v@13');
      if (bad < 0) return acceptAll(reports, number);
      const findings = [{ field: `reports[${bad}]`, reason: 'BAD', description: 'is bad' }];
      return { refused: { code: status.INVALID_ARGUMENT, message: 'bad', findings } };
    };
    const sent = await send(37);
    expect(accepted(sent)).toHaveLength(36);
    expect(sent.find(({ row }) => row === 13)?.result).toMatchObject({
      outcome: ReportOutcome.REJECTED,
      findings: [{ field: 'reports[0]', reason: 'BAD', description: 'is bad' }],
    });
  });

  test('halves a batch that the server finds too large', async () => {
    const tooLarge = { code: status.RESOURCE_EXHAUSTED, message: 'too large' };
    script.answer = (reports, number) =>
      reports.length > 3 ? { refused: tooLarge } : acceptAll(reports, number);
    expect(sorted(accepted(await send(10)))).toEqual(upTo(10));
  });

  test.each([
    ['INTERNAL', status.INTERNAL],
    ['RULE_VIOLATED', status.FAILED_PRECONDITION],
    ['CORRUPT_LOG', status.DATA_LOSS],
  ])('fails at once after a refusal with %s', async (code, grpcStatus) => {
    script.answer = () => ({ refused: { code: grpcStatus, message: 'error 42' } });
    await expect(send(3)).rejects.toMatchObject({ code, message: 'error 42' });
    expect(ingest.batches).toHaveLength(1);
  });

  test('fails when the connection ends with a fault that a retry cannot help', async () => {
    script.answer = () => ({ cut: { code: status.INVALID_ARGUMENT, message: 'wrong batch number' } });
    await expect(send(3)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(ingest.connections).toBe(1);
  });

  test('gives up, and says why, when nothing is taken for too long', async () => {
    script.answer = () => ({ refused: overloaded('the disk is full', 20) });
    await expect(send(3, { giveUpAfterMs: 200 })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'the server took no report for 0 s: the disk is full',
    });
    script.answer = () => 'silence';
    await expect(send(3, { giveUpAfterMs: 200 })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  test('throws what the source throws, after the outcomes of the reports before it', async () => {
    const call = driver.start<{ row: number }>('send', {});
    for (const row of upTo(3)) call.push({ row, report: wire(row) });
    call.push({ error: 'the file broke off' });
    const rows: number[] = [];
    const sending = (async () => {
      for await (const { row } of call) rows.push(row);
    })();
    await expect(sending).rejects.toThrow('the file broke off');
    expect(rows).toEqual([1, 2, 3]);
  });

  test.each<[string, IngestScript, string]>([
    [
      'acknowledges a batch that was not sent',
      { answer: () => ({ raw: ackOf({ number: 7, results: [] }) }) },
      'the server acknowledged batch 7, which was not sent',
    ],
    [
      'gives fewer results than reports',
      { answer: () => ({ results: [] }) },
      'the server gave 0 results for 3 reports',
    ],
    [
      'gives more results than reports',
      { answer: () => ({ results: [1, 2, 3, 4].map(() => outcome(ReportOutcome.ACCEPTED)) }) },
      'the server gave 4 results for 3 reports',
    ],
    ['sends an acknowledgement first', { hello: ackOf() }, 'must send its limits first, but sent ack'],
    [
      'sends bytes that are not a message',
      { answer: () => ({ raw: Buffer.from([0xff, 0xff]) }) },
      'pars|deserializ',
    ],
    ['begins with bytes that are not a message', { hello: Buffer.from([0xff, 0xff]) }, 'pars|deserializ'],
  ])('fails when the server %s', async (_, broken, message) => {
    Object.assign(script, broken);
    await expect(send(3)).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringMatching(message),
    });
  });

  test.each<[string, IngestScript]>([
    ['sends no limits', { hello: 'nothing' }],
    ['ends every connection at once', { hello: 'end' }],
  ])('gives up when the server %s', async (_, broken) => {
    Object.assign(script, broken);
    await expect(send(3, { connectWithinMs: 200 })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  const report = async (options: object = {}) => {
    const items = await driver.all<{ result: string }>('report', {
      reports: upTo(3).map((row) => wire(row)),
      ...options,
    });
    return items.map(({ result }) => decoded(ReportResult, result));
  };

  test.each([
    ['UNAVAILABLE', unavailable('away', 100)],
    ['OVERLOADED', overloaded('too fast', 100)],
    ['DEADLINE', { code: status.DEADLINE_EXCEEDED, message: 'not on disk in time', retryAfterMs: 100 }],
  ])("reports again after %s, after the server's delay", async (_, refused) => {
    script.answer = (reports, number) => (number === 1 ? { refused } : acceptAll(reports, number));
    const startedMs = performance.now();
    expect(await report()).toHaveLength(3);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(95);
    expect(ingest.batches).toHaveLength(2);
  });

  test('is tried once when the caller says so, and has the delay of the server', async () => {
    script.answer = () => ({ refused: unavailable('away', 5) });
    await expect(report({ maxAttempts: 1 })).rejects.toMatchObject({
      ...{ code: 'UNAVAILABLE', message: 'away', retryAfterMs: 5 },
    });
    expect(ingest.batches).toHaveLength(1);
  });

  test('reports only those again that were not stored, and gives all results in order', async () => {
    script.answer = (reports, number) => ({
      results: reports.map((_, at) => (number < 3 && at === 0 ? notStored() : outcome(1, number))),
    });
    const results = await report();
    expect(ingest.batches.map(({ length }) => length)).toEqual([3, 1, 1]);
    expect(results.map(({ position }) => position?.sequence)).toEqual([3, 1, 1]);
  });

  test('gives the result UNAVAILABLE for those that could not be stored in time', async () => {
    script.answer = (reports) => ({ results: reports.map(() => notStored(10)) });
    const results = await report({ deadlineMs: 200 });
    expect(results.map((result) => result.outcome)).toEqual([4, 4, 4]);
  });

  test.each([
    ['INVALID_INPUT', status.INVALID_ARGUMENT],
    ['TOO_LARGE', status.RESOURCE_EXHAUSTED],
    ['INTERNAL', status.INTERNAL],
  ])('does not report again after %s', async (code, grpcStatus) => {
    script.answer = () => ({ refused: { code: grpcStatus, message: 'no' } });
    await expect(report()).rejects.toMatchObject({ code, message: 'no' });
    expect(ingest.batches).toHaveLength(1);
  });

  test('fails when the server gives another number of results for a call', async () => {
    script.answer = () => ({ results: [] });
    await expect(report()).rejects.toMatchObject({
      ...{ code: 'INTERNAL', message: 'the server gave 0 results for 3 reports' },
    });
  });

  test('fails with its deadline when the server does not answer', async () => {
    script.answer = () => 'silence';
    await expect(report({ deadlineMs: 200 })).rejects.toMatchObject({
      ...{ code: 'DEADLINE', message: `${ingest.endpoint} did not answer in time` },
    });
  });

  test('takes a deadline that no timer can hold for none', async () => {
    expect(await report({ deadlineMs: 1e15 })).toHaveLength(3);
  });

  test('follows the log without a gap or a double, wherever it is interrupted', async () => {
    turns.push(
      { messages: 7, end: unavailable('shutting down', 1) },
      { messages: 0, end: 'end' },
      { messages: 12, end: { code: status.CANCELLED, message: 'reset by a proxy' } },
      { messages: 999, end: 'stay' },
    );
    const call = driver.start<{ position: string; event: string }>('events', { partitions: [1] });
    const wanted = upTo(40)
      .filter((sequence) => sequence % 5 !== 0)
      .flatMap((sequence) => eventsOf(1, sequence));
    const seen: string[] = [];
    for await (const { event, position } of call) {
      expect(decoded(Position, position).partition).toBe(1);
      seen.push(decoded(Event, event).reportId);
      if (seen.length === wanted.length) call.cancel();
    }
    expect(seen).toEqual(wanted.map(({ event }) => event?.reportId));
    expect(log.subscriptions).toHaveLength(4);
    expect(log.subscriptions[1]?.after).toEqual([{ partition: 1, sequence: 7 }]);
  });

  test("decides again after OVERLOADED, after the server's delay and with the same id", async () => {
    const asked: RegisterRequest[] = [];
    const register: handleUnaryCall<RegisterRequest, RegisterResponse> = ({ request }, callback) => {
      asked.push(request);
      if (asked.length < 3) callback(serviceError(overloaded('more than 1 decisions/s a client', 100)));
      else callback(null, { version: 1, position: { partition: 0, sequence: 1, index: 0 } });
    };
    const registry = await startServer([[VehicleRegistryService, { register }]]);
    const deciding = startDriver(language, { ingest: ingest.endpoint, history: registry.endpoint });
    onTestFinished(() => {
      deciding.close();
      registry.kill();
    });
    const startedMs = performance.now();
    expect(await deciding.one('registerVehicle', { vehicleId: 'bus-1', fields: {} })).toMatchObject({
      version: 1,
    });
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(195);
    expect(asked).toEqual([asked[0], asked[0], asked[0]]);
  });

  test('does not follow again after a fault that a retry cannot help', async () => {
    turns.push({ messages: 1, end: { code: status.DATA_LOSS, message: 'no' } });
    await expect(driver.all('events', {})).rejects.toMatchObject({ code: 'CORRUPT_LOG', message: 'no' });
    expect(log.subscriptions).toHaveLength(1);
  });

  const box = { southDeg: 1, westDeg: 2, northDeg: 3, eastDeg: 4 };
  const conditions = {
    ...{ vehicleIds: ['bus-1'], fleet: 'north', tag: 'night', model: 'M', text: 'x' },
    ...{ box, includeRetired: true },
  };

  test('watches the same again, wherever it is interrupted, and gives all that comes', async () => {
    const watches: WatchTurn[] = [
      { messages: 2, end: unavailable('shutting down', 1) },
      { messages: 0, end: 'end' },
      { messages: 0, end: overloaded('too many watches', 1) },
      { messages: 1, end: { code: status.CANCELLED, message: 'reset by a proxy' } },
      { messages: 3, end: 'stay' },
    ];
    cacheScript.turns = watches;
    const wanted = watches.flatMap(({ messages }, watch) => watchMessages(watch, messages));
    const call = driver.start<{ message: string }>('watchStatuses', { filter: conditions });
    const seen: WatchResponse[] = [];
    for await (const { message } of call) {
      seen.push(decoded(WatchResponse, message));
      if (seen.length === wanted.length) call.cancel();
    }
    expect(seen).toEqual(wanted);
    expect(seen.map(({ beginsAgain }) => beginsAgain)).toEqual([true, false, true, true, false, false]);
    expect(cache.watches).toEqual(watches.map(() => ({ conditions })));
  });

  test.each<[string, WatchTurn['end']]>([
    ['it is open', 'stay'],
    ['it waits to connect again', unavailable('away', 60_000)],
  ])('ends a watch that is left while %s', async (_, end) => {
    cacheScript.turns = [{ messages: 1, end }];
    const call = driver.start<{ message: string }>('watchStatuses', {});
    const seen: WatchResponse[] = [];
    for await (const { message } of call) {
      seen.push(decoded(WatchResponse, message));
      call.cancel();
    }
    expect(seen).toEqual(watchMessages(0, 1));
    expect(cache.watches).toHaveLength(1);
    if (end === 'stay') await eventually(() => expect(cache.left).toContain(cache.watches[0]));
  });

  test.each([
    ['INVALID_INPUT', status.INVALID_ARGUMENT],
    ['CORRUPT_LOG', status.DATA_LOSS],
    ['INTERNAL', status.INTERNAL],
  ])('does not watch again after %s', async (code, grpcStatus) => {
    cacheScript.turns = [{ messages: 1, end: { code: grpcStatus, message: 'no' } }];
    await expect(driver.all('watchStatuses', {})).rejects.toMatchObject({ code, message: 'no' });
    expect(cache.watches).toHaveLength(1);
  });

  const CACHE_CALLS: readonly [string, Readonly<Record<string, unknown>>][] = [
    ['latestStatus', { vehicleId: 'bus-1' }],
    ['latestStatusPage', { pageSize: 1, pageToken: '1' }],
    ['cachedSamplePage', { vehicleId: 'bus-1', pageSize: 1 }],
    ['series', { vehicleId: 'bus-1', signalName: 'speed_kmh', fromMs: 1, toMs: 5 }],
    ['cachedVehicle', { vehicleId: 'bus-1' }],
    ['inspectCache', { key: 'status:bus-1' }],
    ['invalidateCache', { invalidation: { all: true } }],
    ['cacheStats', {}],
  ];

  test.each(CACHE_CALLS)('asks the cache again with %s while it is away or full', async (call, args) => {
    cacheScript.refusals = [unavailable('starting', 1), overloaded('too many calls', 1)];
    await driver.one(call, args);
    expect(cache.asked).toHaveLength(3);
    expect(cache.asked).toEqual([cache.asked[0], cache.asked[0], cache.asked[0]]);
  });

  test.each(CACHE_CALLS)('does not ask the cache again with %s after its deadline', async (call, args) => {
    cacheScript.refusals = [{ code: status.DEADLINE_EXCEEDED, message: 'not in time', retryAfterMs: 1 }];
    await expect(driver.one(call, args)).rejects.toMatchObject({ code: 'DEADLINE', message: 'not in time' });
    expect(cache.asked).toHaveLength(1);
  });

  test('gives the latest statuses, of which it says how old they are', async () => {
    const [wanted] = CACHE_ANSWERS.get;
    const answer = await driver.one<Record<string, string>>('latestStatus', { vehicleId: 'bus-1' });
    expect({
      status: decoded(VehicleStatus, String(answer['status'])),
      position: decoded(Position, String(answer['position'])),
      freshness: decoded(Freshness, String(answer['freshness'])),
    }).toEqual(wanted);
    cacheScript.refusals = [unavailable('gone', 1), unavailable('gone', 1)];
    reset();
    const all = await driver.all<{ aged: string }>('latestStatuses', { filter: conditions });
    const pages = CACHE_ANSWERS.list.map(({ statuses }) => statuses);
    expect(all.map(({ aged }) => decoded(AgedStatus, aged))).toEqual(pages.flat());
    const asked = { conditions, atLeast: [], pageSize: 1_000 };
    expect(cache.asked).toEqual(['', '', '', '1'].map((pageToken) => ({ ...asked, pageToken })));
  });

  test('gives the samples of all pages from the cache, or one page and how old it may be', async () => {
    const position = { partition: 0, sequence: 3 };
    const range = { vehicleId: 'bus-1', fromMs: 1, toMs: 5 };
    const args = { ...range, atLeast: encoded(Position, position) };
    cacheScript.refusals = [unavailable('gone', 1)];
    const samples = await driver.all<{ sample: string }>('cachedSamples', {
      ...args,
      signals: ['speed_kmh'],
    });
    const pages = CACHE_ANSWERS.samples.map(({ page }) => page);
    expect(samples.map(({ sample }) => decoded(RecordedSample, sample))).toEqual(
      pages.flatMap((page) => page?.samples),
    );
    const asked = { ...range, signals: ['speed_kmh'], order: SampleOrder.OLDEST_FIRST, atLeast: position };
    expect(cache.asked).toMatchObject(
      ['', '', '1'].map((pageToken) => ({ query: { ...asked, pageSize: 1_000, pageToken } })),
    );
    reset();
    cacheScript.refusals = [];
    const answer = await driver.one<Record<string, string>>('cachedSamplePage', {
      ...{ ...args, pageSize: 7, pageToken: '1' },
    });
    expect({
      page: decoded(ListSamplesResponse, String(answer['page'])),
      freshness: decoded(Freshness, String(answer['freshness'])),
    }).toEqual(CACHE_ANSWERS.samples[1]);
    expect(cache.asked).toMatchObject([
      { query: { ...range, pageSize: 7, pageToken: '1', withTotal: true, atLeast: position } },
    ]);
  });

  test('gives a signal over a time range, and how old it may be', async () => {
    const position = { partition: 0, sequence: 3 };
    const range = { vehicleId: 'bus-1', fromMs: 1, toMs: 5 };
    const args = { ...range, signalName: 'speed_kmh' };
    const { series } = await driver.one<{ series: string }>('series', args);
    expect(decoded(GetSeriesResponse, series)).toEqual(CACHE_ANSWERS.series[0]);
    await driver.one('series', { ...args, points: 4, atLeast: encoded(Position, position) });
    expect(cache.asked).toEqual([
      { ...range, signal: 'speed_kmh', points: 0 },
      { ...range, signal: 'speed_kmh', points: 4, atLeast: position },
    ]);
  });

  test('gives a registration from the cache, and how old it may be', async () => {
    const args = { vehicleId: 'bus-1', atLeast: encoded(Position, { partition: 0, sequence: 3 }) };
    const answer = await driver.one<Record<string, string>>('cachedVehicle', args);
    expect({
      found: {
        vehicle: decoded(Vehicle, String(answer['vehicle'])),
        position: decoded(Position, String(answer['position'])),
      },
      freshness: decoded(Freshness, String(answer['freshness'])),
    }).toEqual(CACHE_ANSWERS.vehicle[0]);
    expect(cache.asked).toEqual([{ query: { vehicleId: 'bus-1', atLeast: { partition: 0, sequence: 3 } } }]);
  });

  test('says how far it is with loading, and does not begin it again', async () => {
    const warming = { vehicleIds: ['bus-1', 'bus-2'] };
    const seen: WarmResponse[] = [];
    const warm = async () => {
      for await (const { progress } of driver.start<{ progress: string }>('warmCache', { warming }))
        seen.push(decoded(WarmResponse, progress));
    };
    await warm();
    expect(seen).toEqual(CACHE_ANSWERS.warm);
    cacheScript.refusals = [unavailable('gone', 1)];
    reset();
    await expect(warm()).rejects.toMatchObject({ code: 'UNAVAILABLE', message: 'gone' });
    expect(cache.asked).toEqual([{ ...warming, tag: '', fleet: '', lastHot: false }]);
  });
});
