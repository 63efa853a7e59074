import { isFault } from '@odograph/kernel/fault';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import {
  BURST_SHARE,
  BYTES_PER_REPORT,
  type ClientQuota,
  costOf,
  createClientLimits,
  FREE_WINDOWS,
  SAMPLES_PER_VEHICLE,
  VEHICLES_BURST_S,
} from './client-limits.ts';
import { RECENT_MS } from './recent-windows.ts';

const QUOTA = {
  ...{ maxConnections: 2, reportsPerSecond: 200, windowsPerSecond: 250, vehiclesPerSecond: 2_000 },
  maxWorkBytes: 60_000,
};

const windows = (count: number) => Array.from({ length: count }, (_, at) => at);
const storedOf = (vehicle: string, windows: readonly number[], samples = 0) => ({
  vehicle,
  samples,
  windows,
});
const reports = (count: number, bytes = 200) => Array.from({ length: count }, () => new Uint8Array(bytes));

/** A quota and a fleet of this part behave as the whole ones, and take less time. */
const SCALE = 100;

function open(quota: Partial<ClientQuota> = {}) {
  const clock = { ms: 1_000_000, now: () => clock.ms };
  const metrics = { connectionOpened: vi.fn(), connectionClosed: vi.fn(), refused: vi.fn() };
  return { clock, metrics, limits: createClientLimits({ quota: { ...QUOTA, ...quota }, clock, metrics }) };
}

test('the reports of half a second are admitted at once, and no more', () => {
  const { limits } = open();
  limits.admitReports('a', reports(QUOTA.reportsPerSecond * BURST_SHARE));
  expect(() => limits.admitReports('a', reports(1))).toThrow(
    expect.objectContaining({
      code: 'OVERLOADED',
      limit: '200 reports/s a client',
      message: 'more than 200 reports/s a client: wait 5 ms',
      retryAfterMs: 5,
    }),
  );
});

test('a client that waits as long as the fault says is admitted', () => {
  const { limits, clock } = open();
  limits.admitReports('a', reports(80));
  try {
    limits.admitReports('a', reports(50));
    expect.unreachable();
  } catch (fault) {
    clock.ms += isFault(fault) ? (fault.retryAfterMs ?? 0) : 0;
  }
  limits.admitReports('a', reports(50));
});

test('a message of more reports is admitted, and the next one waits for its time', () => {
  const { limits, clock } = open();
  limits.admitReports('a', reports(500));
  clock.ms += 1_999;
  expect(() => limits.admitReports('a', reports(1))).toThrow();
  clock.ms += 501;
  limits.admitReports('a', reports(500));
});

test('the reports of one client do not count for another', () => {
  const { limits } = open();
  limits.admitReports('a', reports(100));
  limits.admitReports('b', reports(100));
});

test('a report counts as one for each KiB that it begins, and the refusal says so', () => {
  const { limits } = open();
  limits.admitReports('a', reports(1, 90 * BYTES_PER_REPORT));
  expect(() => limits.admitReports('a', reports(2, 10 * BYTES_PER_REPORT))).toThrow(
    expect.objectContaining({
      message:
        'more than 200 reports/s a client, and a report counts as one for each 1024 bytes, so these 2 as 20: wait 50 ms',
      retryAfterMs: 50,
    }),
  );
});

test('property: reports cost at least one each, more bytes never cost less, and the sum is within one report each of the bytes', () => {
  const sizes = fc.array(fc.nat(5_000), { minLength: 1 });
  fc.assert(
    fc.property(sizes, fc.nat(3_000), (list, more) => {
      const bytes = list.map((size) => new Uint8Array(size));
      const cost = costOf(bytes);
      expect(cost).toBeGreaterThanOrEqual(list.length);
      expect(cost * BYTES_PER_REPORT).toBeGreaterThanOrEqual(list.reduce((sum, size) => sum + size));
      expect(costOf(list.map((size) => new Uint8Array(size + more)))).toBeGreaterThanOrEqual(cost);
    }),
  );
});

test('a report that spreads over many windows of time waits for its share, and one of a night never does', () => {
  const { limits, clock } = open();
  expect(limits.storingFault('a', storedOf('bus-1', windows(1_000)))).toBeUndefined();
  for (let at = 0; at < 500; at += 1)
    expect(limits.storingFault('a', storedOf(`bus-${at}`, windows(FREE_WINDOWS)))).toBeUndefined();
  expect(limits.storingFault('b', storedOf('bus-1', windows(100)))).toBeUndefined();
  expect(limits.storingFault('a', storedOf('bus-1', windows(FREE_WINDOWS + 1)))).toMatchObject({
    code: 'OVERLOADED',
    limit: '250 windows/s a client',
    message:
      'samples in 9 windows of two hours: beyond 8 a report, a client may send 250 a second: wait 2972 ms, or split the report',
    retryAfterMs: 2_972,
  });
  clock.ms += 2_972;
  expect(limits.storingFault('a', storedOf('bus-1', windows(FREE_WINDOWS + 1)))).toBeUndefined();
});

test('a client may report for many vehicles at once, and then for some more each second; each counts again after a while', () => {
  const { limits, clock } = open();
  const most = QUOTA.vehiclesPerSecond * VEHICLES_BURST_S;
  const begin = (client: string, from: number, count: number) => {
    const vehicles = Array.from({ length: count }, (_, at) => `bus-${from + at}`);
    return vehicles.filter((vehicle) => limits.storingFault(client, storedOf(vehicle, windows(1)))).length;
  };
  expect(begin('a', 0, most)).toBe(0);
  expect(begin('a', 0, most)).toBe(0);
  expect(limits.storingFault('a', storedOf(`bus-${most}`, windows(1)))).toMatchObject({
    code: 'OVERLOADED',
    limit: '2000 vehicles/s a client',
    message:
      'more than 2000 vehicles/s a client; each counts again after 15 s and in each window of two hours, and 50 samples as one more: wait 1000 ms',
    retryAfterMs: 1_000,
  });
  expect(limits.storingFault('b', storedOf(`bus-${most}`, windows(1)))).toBeUndefined();
  clock.ms += 1_000;
  expect(begin('a', 2 * most, 2_500)).toBe(500);
  clock.ms += RECENT_MS;
  expect(begin('a', 0, most + 1)).toBe(1);
});

test.each([
  ['15,000 vehicles that report each second', 15_000, 1, 1],
  ['25,000 vehicles that report each ten seconds', 25_000, 10, 3],
  ['50,000 vehicles that report each minute', 50_000, 60, 60],
])('%s are never refused, also when their windows begin', (_, fleet, everyS, samples) => {
  const { limits, clock } = open({ vehiclesPerSecond: QUOTA.vehiclesPerSecond / SCALE });
  const refusedAtS: number[] = [];
  for (let second = 0; second < 180; second += 1) {
    const window = second < 96 ? 1 : 2;
    for (let at = second % everyS; at < fleet / SCALE; at += everyS)
      if (limits.storingFault('a', storedOf(`bus-${at}`, [window], samples))) refusedAtS.push(second);
    clock.ms += 1_000;
  }
  expect(refusedAtS).toEqual([]);
});

test('clients that report for as many vehicles as they may take nothing from another one', () => {
  const { limits, clock } = open({ vehiclesPerSecond: QUOTA.vehiclesPerSecond / SCALE });
  const others = Array.from({ length: 55 }, (_, at) => `other-${at}`);
  const isTaken = (client: string, vehicle: string, samples: number) =>
    limits.storingFault(client, storedOf(vehicle, [1], samples)) === undefined;
  const refused: string[] = [];
  for (let second = 0; second < 60; second += 1) {
    for (const client of others) for (let at = 0; isTaken(client, `${client}-${second}-${at}`, 1); at += 1);
    for (let at = 0; at < 5_000 / SCALE; at += 1)
      if (!isTaken('a', `bus-${at}`, 10)) refused.push(`bus-${at} at ${second}`);
    clock.ms += 1_000;
  }
  expect(refused).toEqual([]);
});

test('a report that is refused for its windows does not pay for its vehicle', () => {
  const { limits } = open();
  const many = windows(QUOTA.windowsPerSecond + 1 + FREE_WINDOWS);
  expect(limits.storingFault('a', storedOf('bus-1', many, 1_000))).toBeUndefined();
  for (let at = 0; at < 1_000; at += 1)
    expect(limits.storingFault('a', storedOf('bus-2', many, 1_000))).toMatchObject({
      limit: '250 windows/s a client',
    });
});

test('a report that is refused for its vehicle does not pay for its windows', () => {
  const { limits } = open({ vehiclesPerSecond: 1 });
  expect(limits.storingFault('a', storedOf('bus-1', windows(9)))).toBeUndefined();
  for (let at = 0; at < 1_000; at += 1)
    expect(limits.storingFault('a', storedOf('bus-2', windows(100)))).toMatchObject({
      limit: '1 vehicles/s a client',
    });
});

test('samples of vehicles that count already count too', () => {
  const { limits, clock } = open();
  const samples = 1_000;
  const most = (QUOTA.vehiclesPerSecond * VEHICLES_BURST_S - 1) / (samples / SAMPLES_PER_VEHICLE);
  const admitted = () => {
    for (let count = 0; ; count += 1)
      if (limits.storingFault('a', storedOf('bus-1', [7], samples))) return count;
  };
  expect(admitted()).toBe(Math.floor(most));
  clock.ms += 1_000;
  expect(admitted()).toBe((QUOTA.vehiclesPerSecond * SAMPLES_PER_VEHICLE) / samples);
});

test('a vehicle counts for each of its windows, and also without one', () => {
  const { limits } = open();
  const most = QUOTA.vehiclesPerSecond * VEHICLES_BURST_S;
  for (let at = 0; at < most / 2; at += 1) {
    expect(limits.storingFault('a', storedOf('bus-1', [at]))).toBeUndefined();
    expect(limits.storingFault('a', storedOf(`bus-${at}`, []))).toBeUndefined();
  }
  expect(limits.storingFault('a', storedOf('bus-1', [most]))).toMatchObject({
    limit: '2000 vehicles/s a client',
  });
  expect(limits.storingFault('a', storedOf('bus-1', [0]))).toBeUndefined();
});

test('batches in work are bounded over all clients, each has as much as is free, and what is done makes room', () => {
  const { limits, metrics } = open();
  const hold = (client: string, bytes: number) => limits.holdBatch(client, { reports: reports(1), bytes });
  const first = hold('a', 29_000);
  expect(() => hold('a', 1_000)).toThrow(
    expect.objectContaining({
      code: 'OVERLOADED',
      limit: '60000 bytes of batches in work',
      message:
        'batches in work hold 29640 bytes, of which this client has 29640, at most 60000, and a client as much as is free: send less at a time, wait 1000 ms',
      retryAfterMs: 1_000,
    }),
  );
  hold('b', 14_000);
  first[Symbol.dispose]();
  hold('a', 20_000);
  expect(metrics.refused).toHaveBeenCalledTimes(1);
});

test('connections are counted for each client and refused above the limit, and a closed one makes room', () => {
  const { limits, metrics } = open();
  const [first] = [limits.openConnection('a'), limits.openConnection('a')];
  expect(() => limits.openConnection('a')).toThrow(
    expect.objectContaining({ limit: '2 connections a client' }),
  );
  limits.openConnection('b');
  first[Symbol.dispose]();
  limits.openConnection('a');
  expect(metrics.connectionOpened).toHaveBeenCalledTimes(4);
  expect(metrics.connectionClosed).toHaveBeenCalledTimes(1);
  expect(metrics.refused).toHaveBeenCalledTimes(1);
});
