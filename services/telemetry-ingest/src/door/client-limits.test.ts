import { isFault } from '@odograph/kernel/fault';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { BYTES_PER_REPORT, costOf, createClientLimits, FREE_WINDOWS } from './client-limits.ts';

const QUOTA = { maxConnections: 2, reportsPerSecond: 100, windowsPerSecond: 250, maxWorkBytes: 60_000 };

const reports = (count: number, bytes = 200) => Array.from({ length: count }, () => new Uint8Array(bytes));

function open() {
  const clock = { ms: 1_000_000, now: () => clock.ms };
  const metrics = { connectionOpened: vi.fn(), connectionClosed: vi.fn(), refused: vi.fn() };
  return { clock, metrics, limits: createClientLimits({ quota: QUOTA, clock, metrics }) };
}

test('the reports of one second are admitted at once, and no more', () => {
  const { limits } = open();
  limits.admitReports('a', reports(100));
  expect(() => limits.admitReports('a', reports(1))).toThrow(
    expect.objectContaining({
      code: 'OVERLOADED',
      limit: '100 reports/s a client',
      message: 'more than 100 reports/s a client: wait 10 ms',
      retryAfterMs: 10,
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

test('a message of more than one second’s reports is admitted, and the next one waits for its time', () => {
  const { limits, clock } = open();
  limits.admitReports('a', reports(500));
  clock.ms += 3_999;
  expect(() => limits.admitReports('a', reports(1))).toThrow();
  clock.ms += 1_001;
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
        'more than 100 reports/s a client, and a report counts as one for each 1024 bytes, so these 2 as 20: wait 100 ms',
      retryAfterMs: 100,
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
  expect(limits.windowsFault('a', 1_000)).toBeUndefined();
  for (let at = 0; at < 1_000; at += 1) expect(limits.windowsFault('a', FREE_WINDOWS)).toBeUndefined();
  expect(limits.windowsFault('b', 100)).toBeUndefined();
  expect(limits.windowsFault('a', FREE_WINDOWS + 1)).toMatchObject({
    code: 'OVERLOADED',
    limit: '250 windows/s a client',
    message:
      'samples in 9 windows of two hours: beyond 8 a report, a client may send 250 a second: wait 2972 ms, or split the report',
    retryAfterMs: 2_972,
  });
  clock.ms += 2_972;
  expect(limits.windowsFault('a', FREE_WINDOWS + 1)).toBeUndefined();
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
