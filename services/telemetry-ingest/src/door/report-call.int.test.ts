import { callUnary } from '@odograph/client/call';
import { encodeReportRequest, withEncodedRequests } from '@odograph/client/wire';
import { VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import type { Signals } from '@odograph/contracts/generated/odograph/telemetry/v1/signals';
import {
  ReportOutcome,
  ReportResponse,
  TelemetryIngestService,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { Fault } from '@odograph/kernel/fault';
import { expect, test, vi } from 'vitest';
import { VEHICLES_BURST_S } from './client-limits.ts';
import { openTestDoor, report, storedTypes, type TestDoor } from './door.fixture.ts';

const { ACCEPTED, QUARANTINED, REJECTED, UNAVAILABLE } = ReportOutcome;
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const send = ({ channel }: TestDoor, reports: readonly VehicleReport[], options = {}) =>
  callUnary(channel, TelemetryIngestService.report, { reports: [...reports] }, options);

/** Sends bytes as they are, like a broken or hostile client. */
const sendBytes = ({ channel }: TestDoor, bytes: Buffer) =>
  callUnary(channel, withEncodedRequests(TelemetryIngestService.report), bytes);

const outcomes = ({ results }: ReportResponse) => results.map(({ outcome }) => outcome);
const found = ({ results }: ReportResponse, index = 0) =>
  results[index]?.findings.map(({ field, reason }) => `${field} ${reason}`);

test('a valid report is answered with its position in the log', async () => {
  const door = await openTestDoor();
  const answer = await send(door, [report('bus-7')]);
  expect(answer.results).toEqual([
    { outcome: ACCEPTED, position: { partition: 0, sequence: 1, index: 0 }, findings: [] },
  ]);
  expect(door.log.appends[0]).toMatchObject([{ subject: 'bus-7', reportId: 'r-1', part: 0, version: 1 }]);
});

test('the neighbours of a malformed report are accepted, and each report gets its own result', async () => {
  const door = await openTestDoor();
  const answer = await send(door, [report('bus-7'), report('bus 8'), report('bus-9')]);
  expect(outcomes(answer)).toEqual([ACCEPTED, REJECTED, ACCEPTED]);
  expect(found(answer, 1)).toEqual(['vehicle_id INVALID_VEHICLE_ID']);
  expect(door.log.appends.map(([event]) => event?.subject)).toEqual(['bus-7', 'bus-9']);
});

test('a report that cannot be decoded is rejected alone', async () => {
  const door = await openTestDoor();
  const sound = VehicleReport.encode(report('bus-7')).finish();
  const answer = await sendBytes(door, encodeReportRequest([sound, Uint8Array.of(0x0a, 99, 1), sound]));
  expect(outcomes(answer)).toEqual([ACCEPTED, REJECTED, ACCEPTED]);
  expect(found(answer, 1)).toEqual([' WRONG_BYTES']);
});

test('a message that cannot be decoded is refused, and none of its reports is accepted', async () => {
  const door = await openTestDoor();
  const sound = encodeReportRequest([report('bus-7')]);
  const broken = Buffer.concat([sound, Uint8Array.of(0x0a, 99, 1)]);
  await expect(sendBytes(door, broken)).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringMatching(/^the bytes are not a ReportRequest: /),
  });
  expect(door.log.appends).toEqual([]);
});

test('an empty batch is refused', async () => {
  const door = await openTestDoor();
  await expect(send(door, [])).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    findings: [{ field: 'reports', reason: 'NO_REPORT' }],
  });
});

test('a message over 1 MB is refused as a whole, with the limit and the way out', async () => {
  const door = await openTestDoor();
  const bulky = Array.from({ length: 1_100 }, (_, at) => bulkyReport(`bus-${at}`));
  await expect(send(door, bulky)).rejects.toMatchObject({
    code: 'TOO_LARGE',
    message: expect.stringMatching(/^a message of \d+ bytes, at most 1000000 bytes a message: split it$/),
    limit: '1000000 bytes a message',
  });
  expect(door.log.appends).toEqual([]);
});

test('a message far over 1 MB is refused before it is read', async () => {
  const door = await openTestDoor();
  await expect(sendBytes(door, Buffer.alloc(5_000_000))).rejects.toMatchObject({ code: 'TOO_LARGE' });
});

test('10,000 reports in a message are refused as a whole, with the limit and the way out', async () => {
  const door = await openTestDoor();
  const many = Array.from({ length: 10_000 }, (_, at) => report(`bus-${at}`));
  await expect(send(door, many)).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    findings: [{ field: 'reports', description: 'more than 5000 reports a message: split it' }],
  });
  expect(door.log.appends).toEqual([]);
});

test('5,000 reports in a message are accepted', async () => {
  const door = await openTestDoor();
  const answer = await send(
    door,
    Array.from({ length: 5_000 }, (_, at) => report(`bus-${at}`)),
  );
  expect(outcomes(answer).every((outcome) => outcome === ACCEPTED)).toBe(true);
  expect(door.log.appends).toHaveLength(5_000);
});

test('the call fails if every report is malformed, and names each field', async () => {
  const door = await openTestDoor();
  const noId = report('bus-7', '');
  await expect(send(door, [report(''), noId])).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: 'none of the 2 reports can be read: see the findings for each field',
    findings: [
      { field: 'reports[0].vehicle_id', reason: 'INVALID_VEHICLE_ID' },
      { field: 'reports[1].report_id', reason: 'INVALID_REPORT_ID' },
    ],
  });
});

test('the call counts the fields that do not fit its error', async () => {
  const door = await openTestDoor();
  const refused = send(
    door,
    Array.from({ length: 500 }, () => report('')),
  );
  await expect(refused).rejects.toSatisfy((fault: Fault) => {
    const last = fault.findings.at(-1);
    return last?.description === `${500 - (fault.findings.length - 1)} more, not listed`;
  });
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
  'a report with the number %d is rejected with its field, its neighbour accepted',
  async (speedKmh) => {
    const door = await openTestDoor();
    const answer = await send(door, [report('bus-7', 'r-1', { speedKmh }), report('bus-8')]);
    expect(outcomes(answer)).toEqual([REJECTED, ACCEPTED]);
    expect(found(answer)).toEqual(['samples[0].signals.speed_kmh NOT_FINITE']);
  },
);

const implausible: readonly [string, Partial<Signals>, readonly string[]][] = [
  [
    'a latitude of 91',
    { latitudeDeg: 91, longitudeDeg: 13 },
    ['latitude_deg OUT_OF_RANGE', 'longitude_deg POSITION_INCOMPLETE'],
  ],
  [
    'a longitude of 1555',
    { latitudeDeg: 52, longitudeDeg: 1555.6 },
    ['longitude_deg OUT_OF_RANGE', 'latitude_deg POSITION_INCOMPLETE'],
  ],
  [
    'a position of 0, 0',
    { latitudeDeg: 0, longitudeDeg: 0 },
    ['latitude_deg SENTINEL', 'longitude_deg POSITION_INCOMPLETE'],
  ],
  ['a sentinel speed', { speedKmh: 255 }, ['speed_kmh SENTINEL']],
  ['a sentinel speed in miles', { speedKmh: 410.38272 }, ['speed_kmh OUT_OF_RANGE']],
  ['a negative odometer', { odometerKm: -1 }, ['odometer_km OUT_OF_RANGE']],
];

test.each(implausible)(
  '%s is set aside, and the rest of the report accepted',
  async (_, signals, reasons) => {
    const door = await openTestDoor();
    const answer = await send(door, [report('bus-7', 'r-1', { ...signals, fuelLevelPct: 50 })]);
    expect(outcomes(answer)).toEqual([ACCEPTED]);
    expect(found(answer)).toEqual(reasons.map((reason) => `samples[0].signals.${reason}`));
    expect(storedTypes(door.log)).toEqual([['TelemetryReported', 'TelemetryQuarantined']]);
  },
);

test.each(implausible)('a report with only %s is quarantined as a whole', async (_, signals) => {
  const door = await openTestDoor();
  expect(outcomes(await send(door, [report('bus-7', 'r-1', signals)]))).toEqual([QUARANTINED]);
  expect(storedTypes(door.log)).toEqual([['TelemetryQuarantined']]);
});

test('a report of the year 2090 is quarantined, and kept', async () => {
  const door = await openTestDoor();
  const late = {
    ...report('bus-7'),
    samples: [{ ...sampleOf(report('bus-7')), observedAtMs: Date.UTC(2090, 0, 1) }],
  };
  const answer = await send(door, [late]);
  expect(outcomes(answer)).toEqual([QUARANTINED]);
  expect(found(answer)).toEqual(['samples[0].observed_at_ms IN_THE_FUTURE']);
  expect(door.log.appends[0]).toMatchObject([{ observedAtMs: Date.UTC(2090, 0, 1), part: 0 }]);
});

test('reports that the log cannot take are UNAVAILABLE with a time to wait, and the others are accepted', async () => {
  const door = await openTestDoor();
  const closed = new Fault('UNAVAILABLE', 'partition 1 is closed', { retryAfterMs: 700 });
  door.log.refuse = ([event]) => (event?.subject === 'bus-8' ? closed : undefined);
  const answer = await send(door, [report('bus-7'), report('bus-8')]);
  expect(outcomes(answer)).toEqual([ACCEPTED, UNAVAILABLE]);
  expect(answer.results[1]).toEqual({
    outcome: UNAVAILABLE,
    findings: [{ field: '', reason: 'UNAVAILABLE', description: 'partition 1 is closed' }],
    retryAfterMs: 700,
  });
});

test.each(['UNAVAILABLE', 'OVERLOADED'] as const)(
  'the call fails with %s and the longest time to wait if the log refuses every report',
  async (code) => {
    const door = await openTestDoor();
    door.log.refuse = ([event]) =>
      new Fault(code, 'the stream is full', { retryAfterMs: event?.subject === 'bus-7' ? 700 : 900 });
    await expect(send(door, [report('bus-7'), report('bus-8')])).rejects.toMatchObject({
      code,
      message: 'the stream is full',
      retryAfterMs: 900,
    });
  },
);

test('the call fails with both reasons if some reports are malformed and the log cannot take the rest', async () => {
  const door = await openTestDoor();
  door.log.refuse = () => new Fault('UNAVAILABLE', 'away', { retryAfterMs: 700 });
  await expect(send(door, [report(''), report('bus-8')])).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    retryAfterMs: 700,
    findings: [{ field: 'reports[0].vehicle_id' }],
  });
});

test('an unexpected error is INTERNAL, and its message does not reach the caller', async () => {
  const door = await openTestDoor();
  door.log.appendAll = () => Promise.reject(new TypeError('undefined is not a function'));
  await expect(send(door, [report('bus-7')])).rejects.toMatchObject({
    code: 'INTERNAL',
    message: expect.not.stringContaining('undefined'),
  });
});

test('more reports a second than a client may send are refused, with the limit and the time to wait', async () => {
  const door = await openTestDoor({ reportsPerSecond: 10, maxReports: 10 });
  const ten = Array.from({ length: 10 }, (_, at) => report(`bus-${at}`));
  await send(door, ten);
  await expect(send(door, ten)).rejects.toMatchObject({
    code: 'OVERLOADED',
    limit: '10 reports/s a client',
    retryAfterMs: expect.toSatisfy((ms: number) => ms > 0 && ms <= 1_000),
  });
  expect(door.log.appends).toHaveLength(10);
});

test('a report of many KiB counts as many reports, and the refusal says so', async () => {
  const door = await openTestDoor({ reportsPerSecond: 30 });
  const samples = Array.from({ length: 1_000 }, () => sampleOf(report('x')));
  await send(door, [{ ...report('bus-7'), samples }]);
  await expect(send(door, times(20, report('bus-8')))).rejects.toMatchObject({
    code: 'OVERLOADED',
    limit: '30 reports/s a client',
    message: expect.stringMatching(/^more than 30 reports\/s a client: wait \d+ ms$/),
  });
  await expect(send(door, [{ ...report('bus-7'), samples }])).rejects.toMatchObject({
    message: expect.stringMatching(/a report counts as one for each 1024 bytes, so these 1 as \d+/),
  });
});

test('reports that spread over many windows of time are taken one after another, and the others at once', async () => {
  const door = await openTestDoor();
  const answer = await send(door, [spread('bus-1'), spread('bus-2'), report('bus-3')]);
  expect(outcomes(answer)).toEqual([ACCEPTED, UNAVAILABLE, ACCEPTED]);
  expect(answer.results[1]).toMatchObject({
    findings: [
      {
        reason: 'OVERLOADED',
        description: expect.stringMatching(/^samples in 1000 windows of two hours: /),
      },
    ],
    retryAfterMs: expect.toSatisfy((ms: number) => ms > 3_000 && ms < 4_000),
  });
  await expect(send(door, [spread('bus-2')])).rejects.toMatchObject({
    code: 'OVERLOADED',
    limit: '250 windows/s a client',
  });
});

test('reports for more vehicles than a client may begin with wait, and those for others are taken', async () => {
  const door = await openTestDoor({ vehiclesPerSecond: 1 });
  const most = VEHICLES_BURST_S;
  // With these samples there is not enough for one more vehicle before 0.9 s have passed.
  const samples = times(3, sampleOf(report('x')));
  const more = Array.from({ length: most + 1 }, (_, at) => ({ ...report(`bus-${at}`), samples }));
  const answer = await send(door, [...more, report('bus-0', 'r-2')]);
  expect(outcomes(answer)).toEqual([...times(most - 1, ACCEPTED), UNAVAILABLE, UNAVAILABLE, ACCEPTED]);
  expect(answer.results[most]).toMatchObject({
    findings: [{ reason: 'OVERLOADED', description: expect.stringMatching(/^more than 1 vehicles\/s /) }],
    retryAfterMs: 1_000,
  });
});

test('a call for which there is no memory is refused with the limit, and one that is answered makes room', async () => {
  const door = await openTestDoor({ maxWorkBytes: 40_000 });
  const release = door.log.hold();
  const many = times(20, report('bus-7'));
  const first = send(door, many);
  await vi.waitFor(() => expect(door.log.appends).toHaveLength(20));
  await expect(send(door, many)).rejects.toMatchObject({
    code: 'OVERLOADED',
    limit: '40000 bytes of batches in work',
    retryAfterMs: 1_000,
  });
  release();
  await first;
  expect(outcomes(await send(door, many))).toEqual(times(20, ACCEPTED));
});

test('a message that is too large is TOO_LARGE also if it would never fit the memory', async () => {
  const door = await openTestDoor({ maxWorkBytes: 1_100_000 });
  await expect(sendBytes(door, Buffer.alloc(1_500_000, 'x'))).rejects.toMatchObject({ code: 'TOO_LARGE' });
});

test('a deadline that is too short is answered before it ends; the report may be stored, and sent again it is the same event', async () => {
  const door = await openTestDoor();
  const release = door.log.hold();
  const once = report('bus-7');
  await expect(send(door, [once], { deadlineMs: 500 })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: 'not confirmed on disk in time; send it again under the same id',
    retryAfterMs: 1_000,
  });
  release();
  await send(door, [once]);
  const [first, second] = door.log.appends.map(([event]) => event);
  expect(door.log.appends).toHaveLength(2);
  expect({ ...second, receivedAtMs: 0 }).toEqual({ ...first, receivedAtMs: 0 });
});

test('a report sent again has the same key and the same content hash; with other content another hash', async () => {
  const door = await openTestDoor();
  const once = report('bus-7');
  const other = {
    ...once,
    samples: [{ ...sampleOf(once), signals: sampleOf(report('x', 'x', { speedKmh: 51 })).signals }],
  };
  await send(door, [once]);
  await send(door, [once, other]);
  const [first, again, conflicting] = door.log.appends.map(([event]) => event);
  const keyOf = (event: typeof first) => [event?.subject, event?.observedAtMs, event?.reportId, event?.part];
  expect(keyOf(again)).toEqual(keyOf(first));
  expect(again?.contentHash).toEqual(first?.contentHash);
  expect(keyOf(conflicting)).toEqual(keyOf(first));
  expect(conflicting?.contentHash).not.toEqual(first?.contentHash);
});

test('the trace of a call goes with its events; a malformed one is left out', async () => {
  const door = await openTestDoor();
  await send(door, [report('bus-7')], { traceparent: TRACEPARENT });
  await send(door, [report('bus-8')], { traceparent: 'nonsense' });
  await send(door, [report('bus-9')]);
  expect(door.log.appends.flat().map(({ traceparent }) => traceparent)).toEqual([TRACEPARENT, '', '']);
});

test('the answer to a message full of bad signals stays below the limit of a gRPC client', async () => {
  const door = await openTestDoor();
  const bad = {
    speedKmh: -1,
    odometerKm: -1,
    headingDeg: -1,
    fuelLevelPct: -1,
    rangeKm: -1,
    altitudeM: -1e9,
  };
  const samples = Array.from({ length: 50 }, () => sampleOf(report('x', 'x', bad)));
  const answer = await send(
    door,
    Array.from({ length: 200 }, (_, at) => ({ ...report(`bus-${at}`), samples })),
  );
  expect(ReportResponse.encode(answer).finish().length).toBeLessThan(100_000);
  expect(answer.results.every(({ findings }) => findings.length > 0)).toBe(true);
  expect(answer.results.at(-1)?.findings.at(-1)?.reason).toBe('MORE_FINDINGS');
});

test('after a client disconnects, every report that was read is stored', async () => {
  const door = await openTestDoor();
  const release = door.log.hold();
  const gone = new AbortController();
  const call = send(door, [report('bus-7')], { signal: gone.signal });
  await vi.waitFor(() => expect(door.log.appends).toHaveLength(1));
  gone.abort();
  await expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
  release();
  expect(storedTypes(door.log)).toEqual([['TelemetryReported']]);
});

function sampleOf({ samples: [sample] }: VehicleReport) {
  if (!sample) throw new Error('a report has a sample');
  return sample;
}

const times = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);

/** A report over 1,000 windows of two hours. */
function spread(vehicleId: string): VehicleReport {
  const samples = Array.from({ length: 1_000 }, (_, at) => {
    return { ...sampleOf(report('x')), observedAtMs: Date.now() - at * 7_200_000 };
  });
  return { ...report(vehicleId), samples };
}

/** About 1 kB. */
function bulkyReport(vehicleId: string): VehicleReport {
  return { ...report(vehicleId), samples: Array.from({ length: 50 }, () => sampleOf(report('x'))) };
}
