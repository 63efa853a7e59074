import { type BidiCall, callBidi } from '@odograph/client/call';
import { faultFromRpcStatus } from '@odograph/client/rpc-status';
import { withEncodedRequests } from '@odograph/client/wire';
import type { VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import {
  type BatchAck,
  type BatchResult,
  ConnectRequest,
  type ConnectResponse,
  ReportOutcome,
  TelemetryIngestService,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { Fault } from '@odograph/kernel/fault';
import { expect, test, vi } from 'vitest';
import { openTestDoor, report, storedTypes, type TestDoor } from './door.fixture.ts';

type Connection = BidiCall<never, ConnectResponse>;

const batch = (number: number, ...reports: VehicleReport[]): ConnectRequest => ({
  batch: { number, reports: reports.length > 0 ? reports : [report(`bus-${number}`)] },
});

/** The answers of a connection, one at a time. */
function reader(connection: Connection) {
  const responses = connection.responses[Symbol.asyncIterator]();
  const next = async () => (await responses.next()).value as ConnectResponse | undefined;
  return {
    next,
    async ack(): Promise<BatchAck> {
      const message = (await next())?.message;
      if (message?.$case !== 'ack') throw new Error(`no acknowledgement but ${message?.$case}`);
      return message.value;
    },
    /** All results until the end of the connection. */
    async batches(): Promise<readonly BatchResult[]> {
      const results: BatchResult[] = [];
      for (let response = await next(); response; response = await next()) {
        if (response.message?.$case === 'ack') results.push(...response.message.value.batches);
      }
      return results;
    },
  };
}

async function open(door: TestDoor) {
  const connection = door.connect();
  const answers = reader(connection);
  const limits = (await answers.next())?.message;
  return { connection, answers, limits };
}

const refusedOf = ({ refused }: BatchResult) => (refused ? faultFromRpcStatus(refused) : undefined);

test('a connection first sends its limits', async () => {
  const { limits } = await open(await openTestDoor());
  expect(limits).toEqual({
    $case: 'limits',
    value: { windowBatches: 8, maxReports: 5_000, maxBytes: 1_000_000 },
  });
});

test('batches are acknowledged in order, once each, with results and positions', async () => {
  const door = await openTestDoor();
  const { connection, answers } = await open(door);
  for (const number of [1, 2, 3]) await connection.send(batch(number));
  connection.end();
  const batches = await answers.batches();
  expect(batches.map(({ number }) => number)).toEqual([1, 2, 3]);
  expect(batches.flatMap(({ results }) => results)).toMatchObject([
    { outcome: ReportOutcome.ACCEPTED, position: { sequence: 1 } },
    { outcome: ReportOutcome.ACCEPTED, position: { sequence: 2 } },
    { outcome: ReportOutcome.ACCEPTED, position: { sequence: 3 } },
  ]);
});

test('batches that finish together are acknowledged together', async () => {
  const door = await openTestDoor();
  const release = door.log.hold();
  const { connection, answers } = await open(door);
  for (const number of [1, 2, 3]) await connection.send(batch(number));
  await vi.waitFor(() => expect(door.log.appends).toHaveLength(3));
  release();
  const ack = await answers.ack();
  expect(ack.through).toBe(3);
  expect(ack.batches.map(({ number }) => number)).toEqual([1, 2, 3]);
});

test('no more batches are read than the window holds until one is acknowledged', async () => {
  const door = await openTestDoor({ windowBatches: 2 });
  const release = door.log.hold();
  const { connection, answers } = await open(door);
  for (const number of [1, 2, 3, 4, 5]) void connection.send(batch(number));
  await vi.waitFor(() => expect(door.log.appends).toHaveLength(2));
  await arrive();
  expect(door.log.appends).toHaveLength(2);
  release();
  connection.end();
  expect((await answers.batches()).map(({ number }) => number)).toEqual([1, 2, 3, 4, 5]);
});

test('a client that does not read acknowledgements is not read further, and loses nothing', async () => {
  const door = await openTestDoor({ windowBatches: 2 });
  const { connection, answers } = await open(door);
  // Malformed reports make the acknowledgements large: together they are larger than every buffer between the two.
  const malformed = Array.from({ length: 50 }, () => report('no id', 'no id either'));
  const sendAll = async () => {
    for (let number = 1; number <= 300; number += 1) {
      await connection.send(batch(number, report(`bus-${number}`), ...malformed));
    }
    connection.end();
  };
  const sending = sendAll();
  expect(await stalled(() => door.log.appends.length)).toBeLessThan(300);
  const [batches] = await Promise.all([answers.batches(), sending]);
  expect(batches.map(({ number }) => number)).toEqual(Array.from({ length: 300 }, (_, at) => at + 1));
  expect(door.log.appends).toHaveLength(300);
});

test.each([
  ['a number that skips one', [1, 3], 'batch 3 came instead of batch 2'],
  ['a number that was used before', [1, 1], 'batch 1 came instead of batch 2'],
  ['a first number other than 1', [0], 'batch 0 came instead of batch 1'],
])('%s ends the connection after the earlier batches are acknowledged', async (_, numbers, message) => {
  const door = await openTestDoor();
  const { connection, answers } = await open(door);
  const reading = allOf(answers);
  for (const number of numbers) await connection.send(batch(number));
  const { batches, fault } = await reading;
  expect(fault).toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringContaining(message),
    findings: [{ field: 'batch.number', reason: 'WRONG_BATCH_NUMBER' }],
  });
  expect(batches.map(({ number }) => number)).toEqual(numbers.slice(0, -1));
});

test('bytes that cannot be decoded end the connection after the earlier batches are acknowledged', async () => {
  const door = await openTestDoor();
  const connection = callBidi(door.channel, withEncodedRequests(TelemetryIngestService.connect));
  const reading = allOf(reader(connection));
  await connection.send(Buffer.from(ConnectRequest.encode(batch(1)).finish()));
  await connection.send(Buffer.of(0x0a, 99, 1));
  const { batches, fault } = await reading;
  expect(fault).toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringMatching(/^the bytes are not a ConnectRequest: /),
  });
  expect(batches.map(({ number }) => number)).toEqual([1]);
});

test('a malformed report in a batch is rejected alone, even if it is the only one', async () => {
  const door = await openTestDoor();
  const { connection, answers } = await open(door);
  await connection.send(batch(1, report('bus 7'), report('bus-8')));
  await connection.send(batch(2, report('bus 7')));
  connection.end();
  const batches = await answers.batches();
  expect(batches.map(({ results }) => results.map(({ outcome }) => outcome))).toEqual([
    [ReportOutcome.REJECTED, ReportOutcome.ACCEPTED],
    [ReportOutcome.REJECTED],
  ]);
});

test('a batch over a limit is refused as a whole, and the connection goes on', async () => {
  const door = await openTestDoor({ maxReports: 2, maxBytes: 1_000 });
  const { connection, answers } = await open(door);
  await connection.send({ batch: { number: 1, reports: [] } });
  await connection.send(batch(2, report('a'), report('b'), report('c')));
  await connection.send(batch(3, report('a', 'r-1', { others: { 'Vehicle.X': text('x'.repeat(2_000)) } })));
  await connection.send(batch(4));
  connection.end();
  const batches = await answers.batches();
  expect(batches.map(refusedOf)).toMatchObject([
    { code: 'INVALID_INPUT', findings: [{ field: 'reports', reason: 'NO_REPORT' }] },
    { code: 'INVALID_INPUT', findings: [{ field: 'reports', reason: 'TOO_MANY_REPORTS' }] },
    { code: 'TOO_LARGE', limit: '1000 bytes a message' },
    undefined,
  ]);
  expect(batches.map(({ results }) => results.length)).toEqual([0, 0, 0, 1]);
});

test('a batch over the reports a second is refused with the time to wait, and the connection goes on', async () => {
  const door = await openTestDoor({ reportsPerSecond: 1, maxReports: 1 });
  const { connection, answers } = await open(door);
  await connection.send(batch(1));
  await connection.send(batch(2));
  connection.end();
  const [first, second] = await answers.batches();
  expect(first?.refused).toBeUndefined();
  expect(second && refusedOf(second)).toMatchObject({
    code: 'OVERLOADED',
    limit: '1 reports/s a client',
    retryAfterMs: expect.toSatisfy((ms: number) => ms > 0 && ms <= 1_000),
  });
});

test('results that the client does not read keep their memory, and give it back when the connection breaks', async () => {
  const door = await openTestDoor({ maxWorkBytes: 1_000_000, windowBatches: 8 });
  const { connection } = await open(door);
  // Every result has findings, so that no buffer between the two takes them all.
  const malformed = Array.from({ length: 400 }, () => report('no id', 'no id either'));
  // It sends until the connection ends, with an error.
  void (async () => {
    for (let number = 1; ; number += 1) await connection.send(batch(number, ...malformed));
  })().catch(() => undefined);
  const other = await open(door);
  let sent = 0;
  const refusedBy = async () => {
    sent += 1;
    await other.connection.send(batch(sent, ...malformed));
    const [result] = (await other.answers.ack()).batches;
    return result && refusedOf(result);
  };
  await vi.waitFor(async () =>
    expect(await refusedBy()).toMatchObject({
      code: 'OVERLOADED',
      limit: '1000000 bytes of batches in work',
    }),
  );
  connection.cancel();
  await vi.waitFor(async () => expect(await refusedBy()).toBeUndefined());
});

test('a batch that the log cannot take is refused with the time to wait, and the connection goes on', async () => {
  const door = await openTestDoor();
  const full = new Fault('OVERLOADED', 'the stream is full', {
    retryAfterMs: 5_000,
    limit: 'bytes of the stream',
  });
  door.log.refuse = ([event]) => (event?.subject === 'bus-1' ? full : undefined);
  const { connection, answers } = await open(door);
  await connection.send(batch(1));
  await connection.send(batch(2, report('bus-1'), report('bus-2')));
  connection.end();
  const [refused, partly] = await answers.batches();
  expect(refused && refusedOf(refused)).toMatchObject({ code: 'OVERLOADED', retryAfterMs: 5_000 });
  expect(partly?.results.map(({ outcome }) => outcome)).toEqual([
    ReportOutcome.UNAVAILABLE,
    ReportOutcome.ACCEPTED,
  ]);
});

test('an unexpected error refuses its batch as INTERNAL, and the connection goes on', async () => {
  const door = await openTestDoor();
  const { appendAll } = door.log;
  door.log.appendAll = (appends, options) =>
    appends[0]?.[0]?.subject === 'bus-1'
      ? Promise.reject(new TypeError('broken'))
      : appendAll(appends, options);
  const { connection, answers } = await open(door);
  await connection.send(batch(1));
  await connection.send(batch(2));
  connection.end();
  const [broken, sound] = await answers.batches();
  expect(broken && refusedOf(broken)).toMatchObject({
    code: 'INTERNAL',
    message: expect.not.stringMatching('broken'),
  });
  expect(sound?.results).toHaveLength(1);
});

test('after a client disconnects mid-stream, every batch that was read is stored', async () => {
  const door = await openTestDoor();
  const release = door.log.hold();
  const { connection } = await open(door);
  for (const number of [1, 2, 3]) await connection.send(batch(number));
  await vi.waitFor(() => expect(door.log.appends).toHaveLength(3));
  connection.cancel();
  await vi.waitFor(() => expect(door.server.openCalls).toBe(0));
  release();
  expect(storedTypes(door.log)).toEqual([
    ['TelemetryReported'],
    ['TelemetryReported'],
    ['TelemetryReported'],
  ]);
});

test('a server that stops acknowledges every batch that it read, and ends the connection with UNAVAILABLE', async () => {
  const door = await openTestDoor();
  const release = door.log.hold();
  const { connection, answers } = await open(door);
  const reading = allOf(answers);
  for (const number of [1, 2]) await connection.send(batch(number));
  await vi.waitFor(() => expect(door.log.appends).toHaveLength(2));
  const stopping = door.server.stop(10_000);
  await connection.send(batch(3));
  release();
  const { batches, fault } = await reading;
  await stopping;
  expect(batches.map(({ number }) => number)).toEqual([1, 2]);
  expect(fault).toMatchObject({ code: 'UNAVAILABLE', message: 'the server is shutting down' });
  expect(door.log.appends).toHaveLength(2);
});

test('connections above the limit of a client are refused, and one that ends makes room', async () => {
  const door = await openTestDoor({ maxConnections: 2 });
  const [first] = [await open(door), await open(door)];
  const refused = door.connect();
  await expect(reader(refused).next()).rejects.toMatchObject({
    code: 'OVERLOADED',
    limit: '2 connections a client',
    retryAfterMs: 5_000,
  });
  first.connection.end();
  await first.answers.batches();
  expect((await open(door)).limits).toMatchObject({ $case: 'limits' });
});

/** Reads until the connection ends, with or without a fault. */
async function allOf(answers: ReturnType<typeof reader>) {
  const batches: BatchResult[] = [];
  try {
    for (;;) {
      const response = await answers.next();
      if (!response) return { batches, fault: undefined };
      if (response.message?.$case === 'ack') batches.push(...response.message.value.batches);
    }
  } catch (fault) {
    return { batches, fault };
  }
}

const text = (value: string) => ({ kind: { $case: 'text' as const, value } });

/** Waits until everything sent over loopback has arrived. Both ends are in this process, so each turn does what is ready. */
async function arrive(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** The value of a counter that no longer changes. */
async function stalled(read: () => number): Promise<number> {
  for (let last = -1; ; ) {
    const now = read();
    if (now === last) return now;
    last = now;
    await arrive();
  }
}
