import type { Client } from '@odograph/client';
import { ReportOutcome } from '@odograph/client/generated/odograph/telemetry/v1/telemetry_ingest';
import { decodeEvent } from '@odograph/contracts/event-catalogue';
import { formatPosition } from '@odograph/kernel/position';
import { startTestNats, type TestEngine } from '@odograph/testing/engines';
import { expect, test, vi } from 'vitest';
import { report } from './door/door.fixture.ts';
import { createStreams, readStreams, spawnIngest, startIngest } from './ingest.fixture.ts';

const send = (client: Client, vehicleIds: readonly string[], options = {}) =>
  client.report(
    vehicleIds.map((id) => report(id)),
    options,
  );

async function openLog(options: Parameters<typeof createStreams>[1] = {}): Promise<TestEngine> {
  const nats = await startTestNats();
  await createStreams(nats, options);
  return nats;
}

test('an acknowledged report is on disk at the position in its result', async () => {
  await using nats = await openLog();
  await using door = await startIngest(nats);
  await vi.waitFor(() => expect(door.publisher.partitionCount()).toBe(2));
  const vehicles = Array.from({ length: 20 }, (_, at) => `bus-${at}`);
  const results = await send(door.client, vehicles);
  await nats.kill9();
  await using _again = await startTestNats({ dataDir: nats.dataDir, port: nats.port });

  const stored = await readStreams(nats);
  for (const [at, { position }] of results.entries()) {
    const event = position && stored.get(formatPosition(position));
    expect(event && decodeEvent(event)).toMatchObject({ type: 'TelemetryReported', subject: vehicles[at] });
  }
});

test('before history has created the log, reports are UNAVAILABLE with a time to wait', async () => {
  await using nats = await startTestNats();
  await using door = await startIngest(nats);
  await expect(send(door.client, ['bus-7'])).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    retryAfterMs: expect.any(Number),
  });
  await createStreams(nats);
  await vi.waitFor(() => expect(door.publisher.partitionCount()).toBe(2), { timeout: 10_000 });
  expect(await send(door.client, ['bus-7'])).toMatchObject([{ outcome: ReportOutcome.ACCEPTED }]);
});

test('while NATS is down reports wait until their deadline, and are stored once when it is back', async () => {
  await using nats = await openLog();
  await using door = await startIngest(nats);
  await vi.waitFor(() => expect(door.publisher.partitionCount()).toBe(2));
  await send(door.client, ['before']);
  await nats.kill9();
  await expect(send(door.client, ['impatient'], { deadlineMs: 600 })).rejects.toMatchObject({
    code: expect.stringMatching(/^(UNAVAILABLE|DEADLINE)$/),
  });
  const patient = send(door.client, ['patient'], { deadlineMs: 25_000 });
  await using _again = await startTestNats({ dataDir: nats.dataDir, port: nats.port });
  expect(await patient).toMatchObject([{ outcome: ReportOutcome.ACCEPTED }]);

  const subjects = [...(await readStreams(nats)).values()].map(({ subject }) => subject);
  expect(subjects.filter((subject) => subject === 'patient')).toHaveLength(1);
});

test('while NATS is asleep the door says what it refuses and since when, and is alive but not ready', async () => {
  await using nats = await openLog();
  await using door = await startIngest(nats);
  await vi.waitFor(() => expect(door.publisher.partitionCount()).toBe(2));
  await send(door.client, ['bus-1', 'bus-2', 'bus-3']);
  expect(await door.describe()).toMatchObject({
    partitions: [
      { partition: 0, refusal: undefined, filledRatio: expect.any(Number) },
      { partition: 1, refusal: undefined },
    ],
    refusal: undefined,
    reportsTaken: 3,
  });
  expect(await door.health()).toEqual(['SERVING', 'SERVING']);

  const asleepSinceMs = Date.now();
  nats.kill('SIGSTOP');
  await vi.waitFor(async () => expect(await door.health()).toEqual(['SERVING', 'NOT_SERVING']), {
    timeout: 15_000,
    interval: 200,
  });
  const { partitions, refusal, nowMs } = await door.describe();
  const expected = { reason: 'JetStream does not answer', limit: '' };
  expect(refusal).toMatchObject(expected);
  expect(partitions.map((each) => each.refusal)).toMatchObject([expected, expected]);
  expect(refusal?.sinceMs).toBeGreaterThan(asleepSinceMs - 1_500);
  expect(refusal?.sinceMs).toBeLessThanOrEqual(nowMs - 5_000);
  const askedAtMs = Date.now();
  await expect(send(door.client, ['bus-1'])).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    retryAfterMs: 1_000,
  });
  expect(Date.now() - askedAtMs).toBeLessThan(1_000);

  nats.kill('SIGCONT');
  await vi.waitFor(async () => expect(await door.health()).toEqual(['SERVING', 'SERVING']), {
    timeout: 10_000,
    interval: 200,
  });
  expect(await send(door.client, ['bus-1'])).toMatchObject([{ outcome: ReportOutcome.ACCEPTED }]);
});

test('a full stream refuses reports with a time to wait, and keeps what it has', async () => {
  await using nats = await openLog({ partitions: 1, maxBytes: 300_000 });
  await using door = await startIngest(nats, { ODO_INGEST_STREAM_FULL_PCT: '50' });
  await vi.waitFor(() => expect(door.publisher.partitionCount()).toBe(1));
  let accepted = 0;
  const fill = async () => {
    for (let at = 0; at < 200; at += 1) {
      const vehicleIds = Array.from({ length: 100 }, (_, index) => `bus-${at}-${index}`);
      const results = await send(door.client, vehicleIds);
      // The stream may be full in the middle of them.
      accepted += results.filter(({ outcome }) => outcome === ReportOutcome.ACCEPTED).length;
    }
  };
  await expect(fill()).rejects.toMatchObject({
    code: 'OVERLOADED',
    limit: 'bytes of the stream',
    retryAfterMs: expect.any(Number),
  });
  expect(accepted).toBeGreaterThan(0);
  const telemetry = [...(await readStreams(nats, 1)).values()].filter(({ type }) => type !== 'TimeTicked');
  expect(telemetry.length).toBeGreaterThanOrEqual(accepted);
});

test('ticks are appended to every partition, even if its stream is too full for telemetry', async () => {
  await using nats = await openLog();
  await using _door = await startIngest(nats, { ODO_INGEST_STREAM_FULL_PCT: '1' });
  const clocks = async () => new Set([...(await readStreams(nats)).values()].map(({ subject }) => subject));
  const every = new Set(['clock/0', 'clock/1']);
  await vi.waitFor(async () => expect(await clocks()).toEqual(every), { timeout: 15_000, interval: 500 });
});

test('the metrics of the door and of the publisher can be scraped', async () => {
  await using nats = await openLog();
  await using door = await startIngest(nats);
  await vi.waitFor(() => expect(door.publisher.partitionCount()).toBe(2));
  await send(door.client, ['bus-7', 'bus 8']);
  const page = await (await fetch(door.metricsUrl)).text();
  for (const line of [
    'odograph_ingest_reports_total{outcome="accepted"} 1',
    'odograph_ingest_reports_total{outcome="rejected"} 1',
    'odograph_ingest_findings_total{reason="INVALID_VEHICLE_ID"} 1',
    'odograph_publisher_queued 0',
    'rpc_server_call_duration_count{rpc_system_name="grpc",rpc_method="odograph.telemetry.v1.TelemetryIngest/Report"',
  ]) {
    expect(page).toContain(line);
  }
  expect(page).toMatch(/odograph_publisher_envelope_events_count\{partition="[01]"\} 1/);
});

/** Sends batches and notes what is acknowledged, until the connection ends. */
async function load(client: Client, acknowledged: Map<string, string>): Promise<unknown> {
  const connection = await client.connect();
  let fault: unknown;
  async function sendOne(number: number): Promise<void> {
    const reports = Array.from({ length: 20 }, (_, at) => report(`bus-${at}`, `${number}`));
    const { results } = await connection.send(reports);
    for (const [at, { position }] of results.entries()) {
      if (position) acknowledged.set(formatPosition(position), `bus-${at} ${number}`);
    }
  }

  let number = 0;
  async function keepSending(): Promise<void> {
    while (fault === undefined) {
      number += 1;
      await sendOne(number).catch((error: unknown) => {
        fault = error;
      });
    }
  }
  await Promise.all(Array.from({ length: connection.limits.windowBatches }, keepSending));
  return fault;
}

test.each(['SIGTERM', 'SIGKILL'] as const)(
  '%s under load loses nothing that was acknowledged',
  async (signal) => {
    await using nats = await openLog();
    await using door = await spawnIngest(nats);
    const acknowledged = new Map<string, string>();
    await vi.waitFor(() => send(door.client, ['first']), { timeout: 10_000 });
    const loads = [load(door.client, acknowledged), load(door.client, acknowledged)];
    await vi.waitFor(() => expect(acknowledged.size).toBeGreaterThan(2_000), { timeout: 30_000 });
    door.kill(signal);
    const ends = await Promise.all(loads);
    const exitCode = await door.exited();

    const stored = await readStreams(nats);
    for (const [place, what] of acknowledged) {
      const event = stored.get(place);
      expect(`${event?.subject} ${event?.reportId}`).toBe(what);
    }
    if (signal === 'SIGKILL') return;
    expect(exitCode).toBe(0);
    for (const end of ends) expect(end).toMatchObject({ code: 'UNAVAILABLE' });
    // The door drained: everything that was read was acknowledged, so the log has nothing else.
    const telemetry = [...stored.values()].filter(
      ({ type, subject }) => type !== 'TimeTicked' && subject !== 'first',
    );
    expect(telemetry).toHaveLength(acknowledged.size);
  },
);

test('wrong settings end the process, and its parent learns which', async () => {
  await using nats = await startTestNats();
  const start = spawnIngest(nats, { ODO_INGEST_MAX_REPORTS: 'many' });
  await expect(start).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringContaining('ODO_INGEST_MAX_REPORTS must be a whole number'),
  });
});
