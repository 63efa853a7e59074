import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { jsonLines, runCli } from '../cli.fixture.ts';
import { startHistory } from '../history.fixture.ts';

let history: Awaited<ReturnType<typeof startHistory>>;
beforeAll(async () => {
  history = await startHistory();
});
beforeEach(() => {
  for (const requests of Object.values(history.asked)) requests.length = 0;
});
afterAll(() => history.stop());

function vehicles(...args: string[]) {
  return runCli(['vehicles', ...args, '--endpoint', history.endpoint]);
}

const BUS_1 = {
  ...{ vehicle_id: 'bus-1', fleet: 'north', model: '', display_name: 'Bus 1', tags: ['day', 'night'] },
  ...{ capabilities: [], vin: '', units: 'imperial', retired: false, version: 3, position: '0/12/3' },
};

describe('odograph vehicles list', () => {
  it('is one object a line, over all pages, of those that are asked for', async () => {
    const filter = ['--fleet', 'north', '--tag', 'night', '--model', 'Citaro', '--text', '7', '--retired'];
    const atLeast = ['--at-least', '0/12/3', '--at-least', '1/7'];
    const { code, stdout } = await vehicles('list', ...filter, ...atLeast, '--json');
    expect(code).toBe(0);
    const lines = jsonLines(stdout);
    expect(lines[0]).toEqual(BUS_1);
    expect(lines).toMatchObject([
      {},
      { vehicle_id: 'bus-2', vin: '1M8GDM9AXKP042788', units: 'metric' },
      { vehicle_id: 'car-1', version: 0, fleet: 'default' },
      { vehicle_id: 'old-1', retired: true },
    ]);
    expect(history.asked.vehicles).toHaveLength(3);
    expect(history.asked.vehicles[2]).toMatchObject({
      ...{ fleet: 'north', tag: 'night', model: 'Citaro', text: '7', includeRetired: true, pageToken: '2' },
      atLeast: [
        { partition: 0, sequence: 12, index: 3 },
        { partition: 1, sequence: 7 },
      ],
    });
  });

  it('is a table for people', async () => {
    const { stdout } = await vehicles('list');
    expect(stdout).toMatch(
      /^vehicle +name +fleet +model +tags +VIN +version\nbus-1 +Bus 1 +north +day night +3\n/,
    );
    expect(stdout).toMatch(/\nold-1 +north +2 +retired\n$/);
  });
});

describe('odograph vehicles show', () => {
  it('is one object, or a table for people', async () => {
    expect(jsonLines((await vehicles('show', 'bus-1', '--json')).stdout)).toEqual([BUS_1]);
    expect((await vehicles('show', 'bus-1', '--at-least', '0/12/3')).stdout).toMatch(/\ntags +day, night\n/);
    expect(history.asked.vehicle[1]).toMatchObject({ atLeast: { partition: 0, sequence: 12, index: 3 } });
  });

  it('of an unknown vehicle is not found', async () => {
    const { code, stderr } = await vehicles('show', 'ghost');
    expect([code, stderr]).toEqual([3, 'odograph: vehicle ghost has never reported and is not registered\n']);
  });
});

describe('odograph vehicles register, update and retire', () => {
  it('register sends what is given, and prints version and position', async () => {
    const names = ['--tags', 'night, day', '--capabilities', 'horn', '--display-name', 'Bus 7'];
    const once = ['--decision-id', 'd1', '--expected-version', '0'];
    const { code, stdout } = await vehicles(
      'register',
      'bus-7',
      ...names,
      ...once,
      '--units',
      'imperial',
      '--json',
    );
    expect(code).toBe(0);
    expect(jsonLines(stdout)).toEqual([
      { decision: 'register', vehicle_id: 'bus-7', version: 4, position: '0/12/3' },
    ]);
    expect(history.asked.decisions).toMatchObject([
      {
        ...{ vehicleId: 'bus-7', decisionId: 'd1', expectedVersion: 0, displayName: 'Bus 7', fleet: '' },
        ...{ tags: ['night', 'day'], capabilities: ['horn'], units: 2 },
      },
    ]);
  });

  it('update sends only what is given, also what is removed', async () => {
    const { stdout } = await vehicles('update', 'bus-1', '--display-name', '', '--tags', '');
    expect(stdout).toBe('bus-1 has version 4; the decision is in the log at 0/12/3\n');
    const [request] = history.asked.decisions;
    expect(request).toMatchObject({ vehicleId: 'bus-1', displayName: '', tags: { names: [] } });
    expect(request).toMatchObject({ fleet: undefined, capabilities: undefined, units: undefined });
  });

  it('retire sends the vehicle, with an id of its own', async () => {
    expect((await vehicles('retire', 'bus-1')).code).toBe(0);
    expect(history.asked.decisions).toMatchObject([
      { vehicleId: 'bus-1', decisionId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    ]);
  });

  it('a wrong value names its field', async () => {
    const { code, stderr } = await vehicles('register', 'bus-9', '--vin', 'x');
    expect([code, stderr]).toEqual([2, 'odograph: the registration is wrong\n  --vin: is not a VIN\n']);
  });

  it.each([
    [['register', 'a', '--units', 'nautical'], "argument 'nautical' is invalid"],
    [['update', 'a', '--expected-version', '-1'], 'It must be a version, 0 or more.'],
    [['update', 'a', '--tags', 'a,,b'], 'It must be names, separated by commas.'],
  ])('refuses %j as wrong usage', async (args, message) => {
    const { code, stderr } = await vehicles(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('odograph vehicles import', () => {
  const importCsv = (input: string, ...args: string[]) =>
    runCli(['vehicles', 'import', '-', '--endpoint', history.endpoint, '--json', ...args], { input });

  const FILE = [
    '\ufeffvehicle_id, display_name ,tags,units', // With a byte order mark, as spreadsheets write it.
    'bus-7,"Bus ""7"", red",night; day,imperial',
    'bus-1,Bus 1,night day,imperial',
    'bus-2,Bus 2,,',
    'bus-3,"Bus 3,night',
    'car-1,Car,Night,nautical',
    'bus 8,Eight,NIGHT',
    'bus 8,Eight,NIGHT,metric',
    'bus-7,again,,',
    'old-1,Old,,',
    '',
    'car-1,Car,,metric',
  ].join('\r\n');

  const REJECTED = [
    { row: 5, reason: 'the quotes do not match (CSV_QUOTE_NOT_CLOSED)' },
    { row: 6, reason: 'units must be one of metric, imperial, found "nautical"' },
    { row: 7, reason: 'found 3 cells, the header names 4' },
    { row: 8, reason: expect.stringMatching(/^vehicle_id: must be 1 to 64.*; tags\[0\]: is "NIGHT", but/) },
    { row: 9, reason: 'vehicle_id: bus-7 is on line 2 already' },
    { row: 10, reason: 'vehicle_id: the vehicle is retired: register it again first' },
  ].map((rejected) => ({ rejected }));

  it('registers, updates or leaves each vehicle as it is, and names what is wrong by line', async () => {
    const { code, stdout, stderr } = await importCsv(FILE);
    expect(jsonLines(stderr)).toEqual(REJECTED);
    expect(jsonLines(stdout)).toEqual([
      { rows: 10, registered: 2, updated: 1, unchanged: 1, rejected: 6, dry_run: false },
    ]);
    expect(code).toBe(0);
    const decisions = [...history.asked.decisions].sort((a, b) => (a.vehicleId < b.vehicleId ? -1 : 1));
    expect(decisions).toMatchObject([
      { vehicleId: 'bus-2', expectedVersion: 1, displayName: 'Bus 2', tags: { names: [] }, units: undefined },
      {
        vehicleId: 'bus-7',
        expectedVersion: 0,
        displayName: 'Bus "7", red',
        tags: ['night', 'day'],
        units: 2,
      },
      { vehicleId: 'car-1', expectedVersion: 0, displayName: 'Car', units: 1 },
    ]);
  });

  it('as a dry run finds the same, and changes nothing', async () => {
    const { stdout, stderr } = await importCsv(FILE, '--dry-run');
    expect(jsonLines(stderr)).toEqual(REJECTED);
    expect(jsonLines(stdout)).toMatchObject([{ registered: 2, updated: 1, unchanged: 1, dry_run: true }]);
    expect(history.asked.decisions).toEqual([]);
  });

  it('goes on after a row that history refuses, and says why for people', async () => {
    const input = 'vehicle_id,vin\nbus-9,1M8GDM9AXKP042788\nbus-7,\n';
    const args = ['vehicles', 'import', '-', '--endpoint', history.endpoint];
    const { code, stdout, stderr } = await runCli(args, { input });
    expect([code, stdout]).toEqual([0, '2 rows: 1 registered, 0 updated, 0 unchanged, 1 rejected\n']);
    expect(stderr).toBe('line 2: vin: is not a VIN\n');
  });

  it('waits as history says while it takes no more decisions', async () => {
    const startedMs = performance.now();
    const { code, stdout } = await importCsv('vehicle_id\nbus-7\nbus-8\n');
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(95);
    expect(code).toBe(0);
    expect(jsonLines(stdout)).toMatchObject([{ rows: 2, registered: 2, rejected: 0 }]);
    const [refused, taken] = history.asked.decisions.filter(({ vehicleId }) => vehicleId === 'bus-8');
    expect(taken).toEqual(refused);
  });

  it.each([
    ['', 'the file is empty: its first line must name the columns'],
    ['id,name\n', 'not a vehicles file: it has no column vehicle_id'],
    [
      'vehicle_id,name\n',
      expect.stringMatching(/^column "name" is not known: a vehicles file may have vehicle_id, /),
    ],
    ['vehicle_id,vin,vin\n', expect.stringContaining('column "vin" is there twice')],
  ])('refuses a file that begins with %j', async (input, message) => {
    const { code, stderr } = await importCsv(input);
    expect(code).toBe(2);
    expect(jsonLines(stderr)).toEqual([{ error: { code: 'INVALID_INPUT', message } }]);
  });

  it('of which nothing was taken is wrong input, after the counts', async () => {
    const { code, stdout, stderr } = await importCsv('vehicle_id\nbus 7\n');
    expect(code).toBe(2);
    expect(jsonLines(stdout)).toMatchObject([{ rows: 1, rejected: 1 }]);
    const message = 'nothing of standard input was taken: all rows were rejected (1), for the reasons above';
    expect(jsonLines(stderr).at(-1)).toEqual({ error: { code: 'INVALID_INPUT', message } });
  });

  it('ends when history cannot be reached', async () => {
    const args = ['vehicles', 'import', '-', '--endpoint', '127.0.0.1:1'];
    const { code, stderr } = await runCli(args, { input: 'vehicle_id\nbus-7\n' });
    expect(code).toBe(4);
    expect(stderr).toContain('odograph: cannot reach 127.0.0.1:1');
  });
});
