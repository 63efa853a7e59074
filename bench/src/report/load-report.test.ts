import { expect, test } from 'vitest';
import { JUDGED } from '../run/load-plan.ts';
import { loadReport, passesAll } from './load-report.ts';
import type { Ramp, StepResult } from './run-record.ts';
import { stepOf } from './step.fixture.ts';

const judged = (otherwise: Partial<StepResult> = {}) => stepOf(JUDGED.users, JUDGED.streams, otherwise);
const refused = { requests: { 'OVERLOADED, 30 connections': 9_000 }, messages: {} };
const full = { 'history-1': { cpuShare: 0.99, peakRssMib: 300, loopBusy: 1 } };
const broken = stepOf(2_000, 2_000, { errors: refused, platform: full });
const recovery = {
  users: 1_000,
  streams: 1_100,
  afterMs: 2_100,
  lookedForMs: 5_100,
  apiP95Ms: [90, 20, 21, 22],
};

const one: Ramp = { histories: 1, steps: [judged(), broken], recovery };
const two: Ramp = { histories: 2, steps: [judged({ messagesPerSecond: 480 })] };

test('the same step of both platforms is in adjacent rows', () => {
  const [, first, second, third] = loadReport([one, two]).split('\n');
  expect(first).toMatch(/^1,000 \/ 1,100 +1 +1,300 +5 +20 +40 +733 .*none$/);
  expect(second).toMatch(/^1,000 \/ 1,100 +2 /);
  expect(third).toMatch(/^2,000 \/ 2,000 +1 .*9000 OVERLOADED, 30 connections$/);
});

test('it says at which step the load broke it, why, and when it recovered', () => {
  const text = loadReport([one, two]);
  expect(text).toContain(`With 1 history it breaks at 2,000 / 2,000:
  9000 of 19000 requests failed (9000 × OVERLOADED, 30 connections)
  cause: history-1: event loop 100 % busy, 0.99 of a core
  back at 1,000 / 1,100: latency and errors recovered after 2.1 s`);
  const never = { users: 1, streams: 1, lookedForMs: 15_000, apiP95Ms: [90, 60, 70] };
  expect(loadReport([{ ...one, recovery: never }])).toContain(
    'back at 1 / 1: it did not recover within 15.0 s, API p95 of a second 60 – 70 – 90 ms',
  );
  expect(loadReport([{ histories: 1, steps: [judged()] }])).toContain(
    'With 1 history nothing broke, up to 1,000 / 1,100.',
  );
});

test('each bar passes or fails for each platform, and one that fails fails the run', () => {
  const text = loadReport([one, two]);
  expect(text).toMatch(/^messages\/s of 1100 streams +> 500 +733 pass +480 FAIL$/m);
  expect(text).toMatch(/^API p95, ms +< 200 +20 pass +20 pass$/m);
  expect(passesAll([one])).toBe(true);
  expect(passesAll([one, two])).toBe(false);
  expect(passesAll([{ histories: 1, steps: [] }])).toBe(false);
});
