import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReportOutcome } from '@odograph/client/generated/odograph/telemetry/v1/telemetry_ingest';
import { outcome, type ScriptedIngest, startScriptedIngest } from '@odograph/client/ingest.fixture';
import { lockDataDir } from '@odograph/cluster/data-lock';
import { StaleReason } from '@odograph/contracts/generated/odograph/cache/v1/vehicle_status';
import { SampleOrder } from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { Fault } from '@odograph/kernel/fault';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { jsonLines, runCli } from './cli.fixture.ts';
import { freshness, HOSTILE, SAMPLES, startHistory } from './history.fixture.ts';

let ingest: ScriptedIngest;
let history: Awaited<ReturnType<typeof startHistory>>;
let folder: string;
let file: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'odograph-cli-'));
  file = join(folder, 'reports.ndjson');
  writeFileSync(file, reports(4));
  const answer = (rows: readonly unknown[]) => ({
    results: rows.map((_, at) => {
      if (at === 1) return outcome(ReportOutcome.QUARANTINED, 7, at);
      const findings = [
        { field: 'vehicle_id', reason: 'INVALID_VEHICLE_ID', description: 'is not a vehicle id' },
      ];
      return at === 2
        ? { ...outcome(ReportOutcome.REJECTED), position: undefined, findings }
        : outcome(ReportOutcome.ACCEPTED, 7, at);
    }),
  });
  ingest = await startScriptedIngest({ answer });
  history = await startHistory();
});

beforeEach(() => {
  for (const requests of Object.values(history.asked)) requests.length = 0;
});

afterAll(async () => {
  ingest.kill();
  await history.stop();
  rmSync(folder, { recursive: true });
});

function reports(count: number): string {
  const lines = Array.from({ length: count }, (_, at) =>
    JSON.stringify({
      vehicle_id: 'v1',
      observed_at: `2026-11-21T10:00:0${at}Z`,
      signals: { speed_kmh: at },
    }),
  );
  return [...lines, 'no JSON', ''].join('\n');
}

function replay(...args: string[]) {
  return runCli(['replay', ...args, '--endpoint', ingest.endpoint, '--json']);
}

function cli(...args: string[]) {
  return runCli([...args, '--endpoint', history.endpoint, '--json']);
}

describe('odograph replay', () => {
  it('ends with exactly one line of counts, and prints each rejected row on stderr', async () => {
    const { code, stdout, stderr } = await replay(file, '--format', 'ndjson');
    expect(jsonLines(stdout)).toEqual([
      {
        ...{ sent: 5, accepted: 2, quarantined: 1, rejected: 2, seconds: expect.any(Number) },
        ...{ accepted_in_part: 0, unreadable: 1, resent: 0, positions: ['0/7/3'] },
      },
    ]);
    expect(jsonLines(stderr)).toEqual([
      { rejected: { row: 5, reason: expect.stringMatching(/^not valid JSON/) } },
      { rejected: { row: 3, reason: 'vehicle_id: is not a vehicle id' } },
    ]);
    expect(code).toBe(0);
  });

  it('reads standard input, and prints the totals for people', async () => {
    const args = ['replay', '-', '--format', 'ndjson', '--endpoint', ingest.endpoint];
    const { code, stdout, stderr } = await runCli(args, { input: reports(1) });
    expect(stdout).toMatch(/^2 rows in [\d.]+ s \([\d,]+\/s\): 1 accepted, 0 quarantined, 1 rejected\n$/);
    expect(stderr).toMatch(/^line 2: not valid JSON/);
    expect(code).toBe(0);
  });

  it('reads lines that end with CR', async () => {
    const bus = 'hz-ccr2,2016-03-22T19:26:01-05:00,8.49376,1,1535212,30.220976,-97.76523,A';
    const columns = 'vehicle_id,timestamp,speed,route_id,trip_id,latitude,longitude,trip_headsign';
    const args = ['replay', '-', '--format', 'capmetro', '--endpoint', ingest.endpoint, '--json'];
    const { code, stdout } = await runCli(args, { input: `${columns}\r${bus}\r${bus}\r` });
    expect(jsonLines(stdout)).toMatchObject([{ sent: 2, accepted: 1, quarantined: 1 }]);
    expect(code).toBe(0);
  });

  it.each([
    ['oops\n', { sent: 1, rejected: 1 }, 'all rows were rejected (1), for the reasons above'],
    ['\n', { sent: 0, rejected: 0 }, 'it has no row'],
  ])('of a file of which nothing was taken fails after its counts: %j', async (input, counts, why) => {
    const args = ['replay', '-', '--format', 'ndjson', '--endpoint', ingest.endpoint, '--json'];
    const { code, stdout, stderr } = await runCli(args, { input });
    expect(code).toBe(2);
    expect(jsonLines(stdout)).toMatchObject([counts]);
    const message = `nothing of standard input was taken: ${why}`;
    expect(jsonLines(stderr).at(-1)).toEqual({ error: { code: 'INVALID_INPUT', message } });
  });

  it('of a file of which ingest rejected every row fails after its counts', async () => {
    const refused = { ...outcome(ReportOutcome.REJECTED), position: undefined };
    const refusing = await startScriptedIngest({
      answer: (rows) => ({ results: rows.map(() => refused) }),
    });
    onTestFinished(() => refusing.kill());
    const args = ['replay', '-', '--format', 'ndjson', '--endpoint', refusing.endpoint, '--json'];
    const [first, second] = reports(2).split('\n');
    const { code, stdout, stderr } = await runCli(args, { input: `${first}\n${second}\n` });
    expect(code).toBe(2);
    expect(jsonLines(stdout)).toMatchObject([{ sent: 2, rejected: 2, accepted: 0, unreadable: 0 }]);
    const message = expect.stringContaining('was taken: all rows were rejected (2)');
    expect(jsonLines(stderr).at(-1)).toEqual({ error: { code: 'INVALID_INPUT', message } });
  });

  it.each([
    [['/nowhere.csv', '--format', 'twizy'], 'the file /nowhere.csv cannot be read (ENOENT)'],
    [['/nowhere.csv', '--format', 'csv'], expect.stringContaining("argument 'csv' is invalid")],
    [['/nowhere.csv', '--format', 'twizy', '--speed', '0'], expect.stringContaining('It must be max, or a')],
    [['/nowhere.csv', '--format', 'ndjson', '--tz', 'UTC'], '--tz is for --format twizy: leave it out'],
    [
      ['/nowhere.csv', '--format', 'twizy', '--speed-unit', 'ms'],
      '--speed-unit is for --format capmetro: leave it out',
    ],
    [['/nowhere.csv'], expect.stringContaining("option '--format <format>' not specified")],
  ])('refuses %j as wrong usage', async (args, message) => {
    const { code, stdout, stderr } = await replay(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(jsonLines(stderr)).toEqual([{ error: { code: 'INVALID_INPUT', message } }]);
  });

  it('refuses a file of another form, naming what it lacks', async () => {
    const drives = join(folder, 'drives.csv');
    writeFileSync(drives, 'drive,local_time,soc_pct\n');
    const { code, stderr } = await replay(drives, '--format', 'capmetro');
    expect(code).toBe(2);
    const message = expect.stringContaining('not a capmetro file: it has no column vehicle_id');
    expect(jsonLines(stderr)).toEqual([{ error: { code: 'INVALID_INPUT', message } }]);
  });

  it('ends when interrupted, although more rows could still come', async () => {
    const args = ['replay', '-', '--format', 'ndjson', '--endpoint', ingest.endpoint, '--json'];
    const { code, stdout, stderr } = await runCli(args, {
      input: 'stays open',
      onStderr: (text) => (text.includes('CANCELLED') ? undefined : 'SIGTERM'),
    });
    expect([code, stdout]).toEqual([130, '']);
    expect(jsonLines(stderr).at(-1)).toEqual({
      error: { code: 'CANCELLED', message: 'interrupted' },
    });
  });

  it('says what cannot be reached', async () => {
    const { code, stderr } = await runCli([
      'replay',
      file,
      '--format',
      'ndjson',
      '--endpoint',
      '127.0.0.1:1',
    ]);
    expect(code).toBe(4);
    expect(stderr).toContain('odograph: cannot reach 127.0.0.1:1');
  });
});

describe('odograph status', () => {
  const STATUS = {
    ...{ vehicle_id: 'bus-1', fleet: 'default', model: '', display_name: '', tags: [], capabilities: [] },
    ...{ units: 'metric', retired: false, registration_version: 0 },
    signals: {
      speed_kmh: { value: 27.5, observed_at: '2026-11-21T10:00:00.000Z' },
      'Vehicle.Overlay.Transit.RouteId': { value: '383', observed_at: '2026-11-21T09:59:59.000Z' },
    },
    last_observed_at: '2026-11-21T10:00:00.000Z',
    last_received_at: '2026-11-21T10:00:00.250Z',
    ...{ position: '0/12/3', age_ms: 12 },
  };

  /** The platform that runs, as the command line finds it. */
  async function withPlatform<T>(endpoint: string, work: (env: NodeJS.ProcessEnv) => Promise<T>): Promise<T> {
    const dataDir = mkdtempSync(join(tmpdir(), 'odograph-cli-up-'));
    const unlock = lockDataDir(dataDir);
    const endpoints = { history: endpoint, cache: endpoint };
    writeFileSync(
      join(dataDir, 'up.json'),
      JSON.stringify({ pid: process.pid, endpoints, metrics: {}, processes: {} }),
    );
    try {
      return await work({ ODO_DATA_DIR: dataDir });
    } finally {
      unlock();
      rmSync(dataDir, { recursive: true });
    }
  }

  it('of a vehicle is one object', async () => {
    const { code, stdout, stderr } = await cli('status', 'bus-1');
    expect([code, stderr]).toEqual([0, '']);
    expect(jsonLines(stdout)).toEqual([STATUS]);
  });

  it('of all vehicles is one object a line, over all pages', async () => {
    const { stdout } = await cli('status');
    expect(jsonLines(stdout)).toEqual([STATUS, { ...STATUS, vehicle_id: 'bus-2' }]);
  });

  it('is a table for people', async () => {
    const one = await runCli(['status', 'bus-1', '--endpoint', history.endpoint]);
    expect(one.stdout).toMatch(/speed_kmh +2026-11-21T10:00:00\.000Z +27\.5/);
    const all = await runCli(['status', '--endpoint', history.endpoint]);
    expect(all.stdout).toMatch(/^vehicle +name +model +speed.*\nbus-1 +28 km\/h/);
  });

  it('says below the values why newer reports are not in them', async () => {
    Object.assign(history.partition, {
      failingSinceMs: Date.now() - 630_000,
      lastError: 'MongoDB does not answer',
    });
    const why =
      'newer reports are not shown: history has appended nothing to partition 0 for 10 min: MongoDB does not answer';
    await withPlatform(history.endpoint, async (env) => {
      for (const asked of [['bus-1'], []]) {
        const { code, stderr } = await runCli(['status', ...asked, '--json'], { env });
        expect([code, jsonLines(stderr)]).toEqual([0, [{ note: why }]]);
        expect((await runCli(['status', ...asked], { env })).stderr).toBe(`${why}\n`);
      }
    });
    Object.assign(history.partition, { failingSinceMs: 0, lastError: '' });
  });

  it('says below the values that history does not say how far its log is', async () => {
    const silent = await startHistory(0, new Fault('UNAVAILABLE', 'MongoDB does not answer'));
    onTestFinished(silent.stop);
    const { code, stderr } = await withPlatform(silent.endpoint, (env) =>
      runCli(['status', 'bus-1'], { env }),
    );
    expect([code, stderr]).toEqual([
      0,
      'there may be newer reports: history does not say how far its log is (MongoDB does not answer)\n',
    ]);
  });

  it('says below the values that the cache cannot follow the log', async () => {
    Object.assign(freshness, { ageMs: 90_000, staleReason: StaleReason.LOG_NOT_FOLLOWED });
    const why =
      'newer reports of the last 90 s may not be shown: the cache says that it cannot follow the log';
    for (const asked of [['bus-1'], []]) {
      const { code, stderr } = await cli('status', ...asked);
      expect([code, jsonLines(stderr)]).toEqual([0, [{ note: why }]]);
    }
    Object.assign(freshness, { ageMs: 12, staleReason: StaleReason.UNSPECIFIED });
  });

  it('of some vehicles asks for those', async () => {
    await cli(
      'status',
      '--fleet',
      'north',
      '--tag',
      'night',
      '--model',
      'Citaro',
      '--text',
      '7',
      '--retired',
    );
    expect(history.asked.latests[0]?.conditions).toMatchObject({
      ...{ fleet: 'north', tag: 'night', model: 'Citaro', text: '7', includeRetired: true },
    });
  });

  it('of none says so, and not that no vehicle has reported', async () => {
    const run = await runCli(['status', '--fleet', 'nowhere', '--endpoint', history.endpoint]);
    expect(run).toEqual({ code: 0, stdout: '', stderr: 'no such vehicle\n' });
  });

  it('takes the last position of the vehicle out of those that replays printed', async () => {
    // The log of the fixture has one partition.
    const positions = ['1/12', '0/7/3', '0/9', '0/9/1'].flatMap((position) => ['--at-least', position]);
    for (const command of ['status', 'history']) await cli(command, 'bus-1', ...positions);
    const wanted = expect.objectContaining({ partition: 0, sequence: 9 });
    expect(history.asked.latest[0]?.atLeast).toEqual(wanted);
    expect(history.asked.samples[0]?.atLeast).toEqual(wanted);
  });

  it('of an unknown vehicle is not found', async () => {
    const filtered = await cli('status', 'bus-1', '--fleet', 'north');
    expect([filtered.code, filtered.stdout]).toEqual([2, '']);
    const { code, stdout, stderr } = await cli('status', 'bus-9');
    expect([code, stdout]).toEqual([3, '']);
    expect(jsonLines(stderr)).toEqual([
      { error: { code: 'NOT_FOUND', message: 'bus-9 has never reported' } },
    ]);
  });

  it('fails if no platform runs and no endpoint is given', async () => {
    const { code, stderr } = await runCli(['status', '--json']);
    expect(code).toBe(4);
    expect(stderr).toContain('start it with \\"odograph up\\", or name it with --endpoint');
  });

  it('prints no headers of a server', async () => {
    const server = createServer().on('stream', (stream) => {
      stream.respond({ 'content-type': 'application/grpc', 'x-header': '\x9b31mRED\xff' });
      stream.end();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const { code, stderr } = await runCli(['status', 'bus-1', '--endpoint', `127.0.0.1:${port}`]);
    server.close();
    expect(code).toBe(4);
    expect(stderr).not.toContain('RED');
  });

  it('finds the platform that runs, and none that was killed', async () => {
    const state = (pid: number) =>
      JSON.stringify({ pid, endpoints: { cache: history.endpoint }, metrics: {}, processes: {} });
    const unlock = lockDataDir(folder);
    writeFileSync(join(folder, 'up.json'), state(process.pid));
    const found = await runCli(['status', 'bus-1', '--json'], { env: { ODO_DATA_DIR: folder } });
    expect(jsonLines(found.stdout)).toEqual([STATUS]);
    writeFileSync(join(folder, 'up.json'), state(2 ** 22 + 1));
    expect((await runCli(['status', 'bus-1'], { env: { ODO_DATA_DIR: folder } })).code).toBe(4);
    unlock();
    // Another process has its id now.
    writeFileSync(join(folder, 'up.json'), state(process.pid));
    expect((await runCli(['status', 'bus-1'], { env: { ODO_DATA_DIR: folder } })).code).toBe(4);
  });
});

describe('odograph history', () => {
  it('is one sample a line, over all pages, in order, as replay takes them', async () => {
    const { code, stdout } = await cli('history', 'bus-1', '--signals', 'speed_kmh');
    const lines = jsonLines(stdout);
    expect([code, lines.length]).toEqual([0, SAMPLES]);
    expect(lines[1]).toEqual({
      ...{ vehicle_id: 'bus-1', observed_at: '2026-11-21T10:00:01.000Z', report_id: 'r1' },
      signals: { speed_kmh: 1 },
    });
    const replayed = await runCli(['replay', '-', '--format', 'ndjson', '--endpoint', ingest.endpoint], {
      input: stdout.split('\n').slice(0, 2).join('\n'),
    });
    expect(replayed.stdout).toContain('2 rows');
    expect(ingest.batches.at(-1)?.map(({ reportId }) => reportId)).toEqual(['r0', 'r1']);
  });

  it('asks for the range, the signals and at most the limit', async () => {
    const range = ['--from', '2026-11-21T10:00:00Z', '--to', '2026-11-21T12:00:00+01:00'];
    const { stdout } = await cli(
      'history',
      'bus-1',
      ...range,
      '--signals',
      'speed_kmh, odometer_km',
      '--limit',
      '7',
    );
    expect(jsonLines(stdout)).toHaveLength(7);
    expect(history.asked.samples).toHaveLength(1);
    expect(history.asked.samples[0]).toMatchObject({
      ...{ vehicleId: 'bus-1', signals: ['speed_kmh', 'odometer_km'], pageSize: 7 },
      ...{ fromMs: Date.UTC(2026, 10, 21, 10), toMs: Date.UTC(2026, 10, 21, 11) },
    });
  });

  it('prints the last samples, oldest first', async () => {
    const { stdout } = await cli('history', 'bus-1', '--last', '3');
    // The fixture gives the same samples in any order.
    expect(jsonLines(stdout).map((line) => (line as { report_id: string }).report_id)).toEqual([
      'r2',
      'r1',
      'r0',
    ]);
    expect(history.asked.samples[0]).toMatchObject({ order: SampleOrder.NEWEST_FIRST, pageSize: 3 });
    const { code, stderr } = await cli('history', 'bus-1', '--last', '1001');
    expect([code, stderr]).toEqual([2, expect.stringContaining('at most 1000')]);
  });

  it('ends without an error when its reader stops reading', async () => {
    const args = ['history', 'bus-1', '--endpoint', history.endpoint, '--json'];
    const { code, stderr } = await runCli(args, { onStdout: () => 'stop reading' });
    expect([code, stderr]).toEqual([0, '']);
  });

  it.each(['2026-11-21T10:00:00', '2021-06-31T00:00:00Z', '2026-11-21T24:00:00Z'])(
    'refuses the time %s',
    async (text) => {
      const { code, stderr } = await cli('history', 'bus-1', '--from', text);
      expect(code).toBe(2);
      expect(stderr).toContain('It must be a time that exists, with its offset');
    },
  );

  it('takes a date, and how long ago', async () => {
    await cli('history', 'bus-1', '--from', '-1h', '--to', 'now', '--limit', '1');
    const [{ fromMs, toMs } = { fromMs: 0, toMs: 0 }] = history.asked.samples;
    expect(toMs - fromMs).toBeGreaterThanOrEqual(3_590_000);
    expect(Date.now() - toMs).toBeLessThan(60_000);
  });

  it('refuses a range that ends before it begins, in the words of its flags', async () => {
    const { code, stderr } = await cli('history', 'bus-1', '--from', '2026-11-22', '--to', '2026-11-21');
    const message = '--from 2026-11-22T00:00:00.000Z must be before --to 2026-11-21T00:00:00.000Z';
    expect([code, jsonLines(stderr)]).toEqual([2, [{ error: { code: 'INVALID_INPUT', message } }]]);
  });

  it('refuses a name that no signal has', async () => {
    const { code, stderr } = await cli('history', 'bus-1', '--signals', 'speed_kmh,speed');
    expect(code).toBe(2);
    expect(stderr).toContain('\\"speed\\" is not a signal');
  });

  it('of an unknown vehicle is not found', async () => {
    const { code, stdout, stderr } = await cli('history', 'bus-9');
    expect([code, stdout]).toEqual([3, '']);
    expect(jsonLines(stderr)).toEqual([
      { error: { code: 'NOT_FOUND', message: 'bus-9 has never reported' } },
    ]);
  });

  it.each([
    [['history', 'bus-1'], () => ingest],
    [['log', 'tail'], () => ingest],
    [['replay', 'FILE', '--format', 'ndjson'], () => history],
  ])('%j asked of another service says so', async (args, other) => {
    const { endpoint } = other();
    const given = args.map((each) => (each === 'FILE' ? file : each));
    const { code, stderr } = await runCli([...given, '--endpoint', endpoint]);
    expect(code).toBe(2);
    expect(stderr).toContain(`is ${endpoint} another service, or of an older version?`);
  });
});

describe('odograph log', () => {
  it('read is one event a line, its data decoded', async () => {
    const { code, stdout } = await cli('log', 'read');
    expect(code).toBe(0);
    const [reported, quarantined, conflicted, gap, undecodable, dropped, updated, unknown] =
      jsonLines(stdout);
    const head = {
      ...{ type: 'TelemetryReported', version: 1, subject: 'bus-1', report_id: 'r1', part: 0 },
      ...{ observed_at: '2026-11-21T10:00:00.000Z', received_at: '2026-11-21T10:00:00.250Z' },
    };
    const sample = { observed_at: '2026-11-21T10:00:00.000Z', signals: { latitude_deg: 91 } };
    const reasons = [
      { field: 'signals.latitude_deg', reason: 'OUT_OF_RANGE', description: '91 is outside -90 to 90' },
    ];
    const setAside = { samples: [{ sample_index: 0, ...sample, reasons }] };
    expect(reported).toEqual({ position: '0/1/0', ...head, data: { samples: [sample] } });
    expect(quarantined).toEqual({
      ...{ position: '0/1/1', ...head, type: 'TelemetryQuarantined', part: 1 },
      ...{ traceparent: expect.stringMatching(/^00-1+-2+-01$/), data: setAside },
    });
    expect(conflicted).toMatchObject({
      data: { held_at: '0/1/0', came: { type: 'TelemetryQuarantined', ...setAside } },
    });
    expect(gap).toMatchObject({
      data: { watermark: 3, found_last_sequence: 1, resumed_sequence: 1_000_004 },
    });
    expect(undecodable).toMatchObject({
      observed_at: null,
      data: { reason: 'no envelope', raw_base64: 'AQI=' },
    });
    expect(dropped).toMatchObject({ data: { projection: 'status', position: '0/1/0' } });
    expect(updated).toMatchObject({
      ...{ type: 'VehicleUpdated', observed_at: null },
      data: {
        aggregate_version: 2,
        fleet: 'default',
        display_name: 'Bus 1',
        tags: ['night'],
        units: 'metric',
      },
    });
    expect(unknown).toMatchObject({
      type: 'VehicleTeleported',
      data: { unknown: expect.stringContaining('newer than this program'), payload_base64: 'CQ==' },
    });
  });

  it('read is one line an event for people, whatever is in it', async () => {
    const { stdout } = await runCli(['log', 'read', '--endpoint', history.endpoint]);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.split(' ')[0])).toEqual(
      [0, 1, 2, 4, 5, 6, 7, 8].map((index) => `0/1/${index}`),
    );
    expect(controls(stdout)).toEqual([]);
  });

  it('read asks for what comes from a position on, of its partition', async () => {
    await cli(
      'log',
      'read',
      '--from',
      '1/20/3',
      '--from',
      '0/7',
      '--type',
      'TimeTicked,LogGapFound',
      '--subject',
      'v',
      '--limit',
      '5',
    );
    expect(history.asked.reads).toMatchObject([
      {
        after: [
          { partition: 1, sequence: 20, index: 2 },
          { partition: 0, sequence: 6, index: undefined },
        ],
        ...{ partitions: [1, 0], types: ['TimeTicked', 'LogGapFound'], subject: 'v', limit: 5 },
      },
    ]);
  });

  it.each([[['log', 'read']], [['quarantine', 'list']]])(
    '%j waits for what was acknowledged',
    async (args) => {
      await cli(...args, '--at-least', '0/7/3', '--at-least', '1/9');
      expect(history.asked.reads[0]?.atLeast).toMatchObject([
        { partition: 0, sequence: 7, index: 3 },
        { partition: 1, sequence: 9 },
      ]);
    },
  );

  it('read says for people that there is no such event', async () => {
    const { code, stdout, stderr } = await runCli([
      ...['log', 'read', '--type', 'VehicleRetired', '--endpoint', history.endpoint],
    ]);
    expect([code, stdout, stderr]).toEqual([0, '', 'the log has no such event\n']);
  });

  it.each(['read', 'tail'])('%s refuses a type that no event has', async (command) => {
    const { code, stderr } = await cli('log', command, '--type', 'TimeTicked,Nope');
    expect(code).toBe(2);
    expect(stderr).toContain('There is no event type \\"Nope\\": the types are TelemetryReported, ');
  });

  it.each(['read', 'tail'])('%s refuses a position that it would not use', async (command) => {
    const { code, stderr } = await cli('log', command, '--from', '0/5', '--partition', '1');
    const message = '--from 0/5 is not of --partition 1: leave one out, or add --partition 0';
    expect([code, jsonLines(stderr)]).toEqual([2, [{ error: { code: 'INVALID_INPUT', message } }]]);
    expect([...history.asked.reads, ...history.asked.subscriptions]).toEqual([]);
  });

  it('tail follows from now on, continues after a broken connection, and ends without an error at Ctrl-C', async () => {
    const { code, stdout, stderr } = await runCli(
      ['log', 'tail', '--type', 'TelemetryReported', '--endpoint', history.endpoint, '--json'],
      { onStdout: (text) => (text.split('\n').length > 2 ? 'SIGINT' : undefined) },
    );
    expect(jsonLines(stdout)).toMatchObject([{ position: '0/2/0' }, { position: '0/3/0' }]);
    expect(history.asked.subscriptions.map(({ after }) => after)).toMatchObject([
      [{ partition: 0, sequence: 1 }],
      [{ partition: 0, sequence: 2 }],
    ]);
    expect(stderr).toBe('the server is shutting down; trying again\n');
    expect(code).toBe(0);
  });
});

describe('odograph log set-aside', () => {
  it('prints what it set aside, and why it sets nothing aside', async () => {
    const done = await cli('log', 'set-aside', '0/17');
    expect(jsonLines(done.stdout)).toEqual([{ set_aside: '0/17' }]);
    const { code, stderr } = await cli('log', 'set-aside', '0/17/1');
    expect(stderr).toContain('It must be partition/sequence, such as 0/1234');
    expect(code).toBe(2);
    const refused = await cli('log', 'set-aside', '0/18');
    expect(refused.stdout).toBe('');
    expect(jsonLines(refused.stderr)).toEqual([
      { error: { code: 'RULE_VIOLATED', message: 'it halts nothing' } },
    ]);
  });
});

describe('odograph parked and quarantine', () => {
  it('list what is parked', async () => {
    const { stdout } = await cli('parked', 'list');
    expect(jsonLines(stdout)).toEqual([
      { projection: 'status', vehicle_id: 'bus-1', position: '0/1/0', reason: 'cannot be applied' },
    ]);
  });

  it('print the position of a decision, and why one cannot be made', async () => {
    const retried = await cli('parked', 'retry', 'status', 'bus-1');
    expect(jsonLines(retried.stdout)).toEqual([
      { decision: 'retry', projection: 'status', vehicle_id: 'bus-1', position: '0/9/0' },
    ]);
    const dropped = await cli('parked', 'drop', 'status', 'bus-1');
    expect([dropped.code, jsonLines(dropped.stderr)]).toEqual([
      3,
      [{ error: { code: 'NOT_FOUND', message: 'nothing of bus-1 is parked in status' } }],
    ]);
  });

  it('list what is quarantined, with the reasons', async () => {
    const { stdout } = await runCli(['quarantine', 'list', '--endpoint', history.endpoint]);
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      '0/1/1  bus-1  2026-11-21T10:00:00.000Z  signals.latitude_deg: OUT_OF_RANGE (91 is outside -90 to 90)',
      '0/1/2  bus-1  2026-11-21T10:00:00.000Z  other content than the report at 0/1/0',
      '0/1/5  bus-1  2026-11-21T10:00:00.250Z  no envelope',
    ]);
    expect(history.asked.reads[0]?.types).toEqual([
      'TelemetryQuarantined',
      'TelemetryConflicted',
      'UndecodableReceived',
    ]);
  });
});

describe('odograph cache', () => {
  it('inspect prints what each level has of a key', async () => {
    const { code, stdout } = await cli('cache', 'inspect', 'status:bus-1');
    expect([code, jsonLines(stdout)]).toEqual([
      0,
      [
        {
          levels: [
            {
              ...{ level: 'memory', held: true, valid: true, value: true, bytes: 700 },
              ...{ age_ms: 1_500, fresh_ms: 60_000, kept_ms: 90_000, version: ['status/0@3.9'], tags: [] },
            },
            { level: 'redis', held: false },
          ],
          floors: ['status/0@3.9'],
        },
      ],
    ]);
    const forPeople = await runCli(['cache', 'inspect', 'status:bus-1', '--endpoint', history.endpoint]);
    expect(forPeople.stdout).toMatch(/memory +700 bytes +2 s +60 s +status\/0@3\.9\nredis +nothing/);
    expect((await cli('cache', 'inspect', 'nothing')).code).toBe(2);
  });

  it('invalidate says whether all processes have taken it', async () => {
    const done = await cli('cache', 'invalidate', 'status:bus-1', 'status:*', '--tag', 'a', '--tag', 'b');
    expect(jsonLines(done.stdout)).toEqual([{ degraded: false }]);
    const degraded = await runCli(['cache', 'invalidate', '--all', '--endpoint', history.endpoint]);
    expect([degraded.code, degraded.stderr]).toEqual([0, expect.stringContaining('not everywhere yet')]);
    expect(history.asked.invalidated).toEqual([
      { keys: ['status:bus-1', 'status:*'], tags: ['a', 'b'], all: false },
      { keys: [], tags: [], all: true },
    ]);
  });

  it('warm says how far it is', async () => {
    const { stdout } = await cli('cache', 'warm', 'bus-1', 'bus-2');
    expect(jsonLines(stdout)).toEqual([
      { done: 0, failed: 0, total: 2 },
      { done: 1, failed: 1, total: 2 },
    ]);
    for (const what of [['--fleet', 'north'], ['--tag', 'night'], ['--last-hot']]) {
      const { stderr } = await runCli(['cache', 'warm', ...what, '--endpoint', history.endpoint]);
      expect(stderr).toBe('1 of 2 loaded, 1 failed\n');
    }
    expect(history.asked.warmed).toMatchObject([
      { vehicleIds: ['bus-1', 'bus-2'] },
      ...[{ fleet: 'north' }, { tag: 'night' }, { lastHot: true }],
    ]);
  });

  it('stats prints what it holds', async () => {
    const { stdout } = await cli('cache', 'stats');
    expect(jsonLines(stdout)).toMatchObject([{ types: [{ type: 'status', entries: 2 }], vehicles: 2 }]);
    const forPeople = await runCli(['cache', 'stats', '--endpoint', history.endpoint]);
    expect(forPeople.stdout).toMatch(/status +2 +10 % +100 +90 %.*redis +open +0 +3.*2 vehicles, 1 watches/s);
  });
});

describe('what a vehicle says', () => {
  it.each([
    [
      ['history', HOSTILE.vehicleId],
      ['signals', 'Vehicle.Overlay.Transit.RouteId'],
    ],
    [
      ['status', HOSTILE.vehicleId],
      ['signals', 'Vehicle.Overlay.Transit.RouteId', 'value'],
    ],
    [
      ['log', 'read', '--subject', HOSTILE.vehicleId, '--type', 'TelemetryReported'],
      ['data', 'samples', '0', 'signals', 'Vehicle.Overlay.Transit.RouteId'],
    ],
    [
      ['quarantine', 'list', '--vehicle', HOSTILE.vehicleId],
      ['data', 'samples', '0', 'clock_text'],
    ],
  ])('in %j controls no terminal, and is whole in JSON', async (args, path) => {
    for (const json of [[], ['--json']]) {
      const { code, stdout } = await runCli([...args, '--endpoint', history.endpoint, ...json]);
      expect([code, controls(stdout)]).toEqual([0, []]);
      expect(stdout).toContain('\\u001b[31mRED\\u001b[0m\\u0007\\u009b2J');
    }
    const { stdout } = await cli(...args);
    const value = path.reduce((json, key) => (json as Record<string, unknown>)[key], jsonLines(stdout)[0]);
    expect(value).toBe(HOSTILE.text);
  });

  it('in a line that cannot be read controls no terminal', async () => {
    const args = ['replay', '-', '--format', 'ndjson', '--endpoint', ingest.endpoint];
    const { stderr } = await runCli(args, { input: `oops ${HOSTILE.text}` });
    expect(stderr).toContain('not valid JSON');
    expect(controls(stderr)).toEqual([]);
  });
});

/** The control characters of an output, but for the ends of its lines. */
function controls(text: string): readonly string[] {
  return [...text].filter((each) => each !== '\n' && (each < ' ' || (each >= '\x7f' && each <= '\x9f')));
}
