import { isFault } from '@odograph/kernel/fault';
import { expect, test, vi } from 'vitest';
import { createClientLimits } from './client-limits.ts';

const QUOTA = { maxConnections: 2, reportsPerSecond: 100 };

function open() {
  const clock = { ms: 1_000_000, now: () => clock.ms };
  const metrics = { connectionOpened: vi.fn(), connectionClosed: vi.fn(), refused: vi.fn() };
  return { clock, metrics, limits: createClientLimits({ quota: QUOTA, clock, metrics }) };
}

test('the reports of one second are admitted at once, and no more', () => {
  const { limits } = open();
  limits.admitReports('a', 100);
  expect(() => limits.admitReports('a', 1)).toThrow(
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
  limits.admitReports('a', 80);
  try {
    limits.admitReports('a', 50);
    expect.unreachable();
  } catch (fault) {
    clock.ms += isFault(fault) ? (fault.retryAfterMs ?? 0) : 0;
  }
  limits.admitReports('a', 50);
});

test('a message of more than one second’s reports is admitted, and the next one waits for its time', () => {
  const { limits, clock } = open();
  limits.admitReports('a', 500);
  clock.ms += 3_999;
  expect(() => limits.admitReports('a', 1)).toThrow();
  clock.ms += 1_001;
  limits.admitReports('a', 500);
});

test('the reports of one client do not count for another', () => {
  const { limits } = open();
  limits.admitReports('a', 100);
  limits.admitReports('b', 100);
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
