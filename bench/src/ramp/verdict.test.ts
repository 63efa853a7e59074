import { expect, test } from 'vitest';
import { JUDGED } from './ramp-plan.ts';
import { stepOf } from './step.fixture.ts';
import { verdictOf } from './verdict.ts';

const failing = (otherwise: Parameters<typeof stepOf>[2]) =>
  verdictOf(stepOf(JUDGED.users, JUDGED.streams, otherwise))
    .filter(({ holds }) => !holds)
    .map(({ what }) => what);

test('a step in which all is well holds every line, whatever MongoDB takes', () => {
  expect(failing({})).toEqual([]);
});

test('each bar has a line of its own', () => {
  const slow = { count: 9_000, p50Ms: 90, p95Ms: 200, p99Ms: 400, maxMs: 900 };
  const large = { cpuShare: 0.5, peakRssMib: 512, loopBusy: 0.5 };
  expect(failing({ requestsPerSecond: 1_000 })).toEqual(['requests/s of 1000 users']);
  expect(failing({ messagesPerSecond: 500 })).toEqual(['messages/s of 1100 streams']);
  expect(failing({ openStreams: 1_000 })).toEqual(['streams on one ingest']);
  expect(failing({ api: slow })).toEqual(['API p95, ms']);
  expect(failing({ queriesP95Ms: 100 })).toEqual(['MongoDB queries p95, ms']);
  expect(failing({ platform: { ingest: large, 'history-1': { ...large, peakRssMib: 100 } } })).toEqual([
    'RSS of ingest, MiB',
  ]);
});

test('the largest of several histories counts', () => {
  const platform = {
    ingest: { cpuShare: 0.1, peakRssMib: 100 },
    'history-1': { cpuShare: 0.1, peakRssMib: 100 },
    'history-2': { cpuShare: 0.1, peakRssMib: 600 },
  };
  expect(failing({ platform })).toEqual(['RSS of history, MiB']);
});

test('what was not measured does not hold', () => {
  expect(verdictOf(undefined).some(({ holds }) => holds)).toBe(false);
  const { queriesP95Ms: _, openStreams: __, ...rest } = stepOf(JUDGED.users, JUDGED.streams);
  const unknown = { count: 0, p50Ms: 0, p95Ms: 0, p99Ms: 0, maxMs: 0 };
  const lines = verdictOf({ ...rest, api: unknown, platform: {} });
  expect(lines.filter(({ holds }) => holds).map(({ what }) => what)).toEqual([
    'requests/s of 1000 users',
    'messages/s of 1100 streams',
  ]);
});
