import { expect, test } from 'vitest';
import { JUDGED } from '../run/load-plan.ts';
import { findBreak, judge, whatBroke, whatWasExhausted } from './load-bars.ts';
import { stepOf } from './step.fixture.ts';

const slow = { count: 1_000, p50Ms: 100, p95Ms: 412.4, p99Ms: 900, maxMs: 1_000 };
const fine = stepOf(100, 100);
const broken = stepOf(300, 300, { api: slow });

test('the first step that is not fine is the break', () => {
  const steps = [fine, stepOf(200, 200), broken, stepOf(400, 400)];
  expect(findBreak(steps)).toMatchObject({ step: broken, what: ['API p95 412 ms (bar: 200)'] });
  expect(findBreak(steps)?.before?.users).toBe(200);
  expect(findBreak([broken])?.before).toBeUndefined();
  expect(findBreak([fine])).toBeUndefined();
});

test('errors are listed by code and limit, and a few of them are not a break', () => {
  const errors = { requests: { 'OVERLOADED, 30 connections': 150, DEADLINE: 50 }, messages: {} };
  expect(whatBroke(stepOf(100, 100, { errors }))).toEqual([
    '200 of 10200 requests failed (150 × OVERLOADED, 30 connections; 50 × DEADLINE)',
  ]);
  expect(whatBroke(stepOf(100, 100, { errors: { requests: { DEADLINE: 100 }, messages: {} } }))).toEqual([]);
});

test('late messages, missing streams, memory, crashes and silence are each a break', () => {
  const silent = { count: 0, p50Ms: 0, p95Ms: 0, p99Ms: 0, maxMs: 0 };
  const large = { 'history-1': { cpuShare: 0.1, peakRssMib: 600 } };
  expect(whatBroke(stepOf(100, 1_500, { messagesPerSecond: 800 }))).toEqual(['messages/s: 800 of 1000']);
  expect(whatBroke(stepOf(100, 1_000, { openStreams: 900 }))).toEqual(['streams open: 900 of 1000']);
  expect(whatBroke(stepOf(100, 100, { platform: large }))).toEqual(['RSS of history 600 MiB (bar: 512)']);
  expect(whatBroke(stepOf(100, 100, { crashes: 1 }))).toEqual(['crashed processes of the platform: 1']);
  expect(whatBroke(stepOf(100, 100, { api: silent }))).toEqual(['no request was answered']);
});

const full = { cpuShare: 0.97, loopBusy: 1 };

test('a busy event loop is named, a MongoDB that uses several cores is not', () => {
  const platform = { mongo: { cpuShare: 1.4 }, 'history-1': full };
  expect(whatWasExhausted(stepOf(100, 100, { platform }))).toEqual([
    'history-1: event loop 100 % busy, 0.97 of a core',
  ]);
});

test('a load generator that is exhausted alone is the limit', () => {
  const load = { users: full, streams: { cpuShare: 0.1, loopBusy: 0.1 } };
  expect(whatWasExhausted(stepOf(100, 100, { load })).at(-1)).toMatch(/is the limit, not the platform/);
  const platform = { 'history-1': full };
  expect(whatWasExhausted(stepOf(100, 100, { load, platform })).at(-1)).toMatch(/at its limit too/);
});

test('a busy machine is named with the share of others', () => {
  const machine = { cores: 2, busy: 1.97, busyWithOthers: 0.41 };
  expect(whatWasExhausted(stepOf(100, 100, { machine }))).toEqual([
    'all 2 cores of the machine are busy, 0.4 of them with others',
  ]);
});

const failing = (otherwise: Parameters<typeof stepOf>[2]) =>
  judge([stepOf(JUDGED.users, JUDGED.streams, otherwise)])
    .filter(({ isPassed }) => !isPassed)
    .map(({ what }) => what);

test('a judged step that answers all its load passes every bar, however much memory MongoDB uses', () => {
  expect(failing({})).toEqual([]);
});

test('each bar can fail alone', () => {
  const late = { count: 9_000, p50Ms: 90, p95Ms: 200, p99Ms: 400, maxMs: 900 };
  const large = { cpuShare: 0.5, peakRssMib: 512, loopBusy: 0.5 };
  expect(failing({ requestsPerSecond: 1_000 })).toEqual(['requests/s of 1000 users']);
  expect(failing({ messagesPerSecond: 500 })).toEqual(['messages/s of 1100 streams']);
  expect(failing({ openStreams: 1_000 })).toEqual(['streams on one ingest']);
  expect(failing({ api: late })).toEqual(['API p95']);
  expect(failing({ queriesP95Ms: 100 })).toEqual(['MongoDB queries p95']);
  expect(failing({ platform: { ingest: large, 'history-1': { ...large, peakRssMib: 100 } } })).toEqual([
    'RSS of ingest',
  ]);
});

test('the largest of several histories counts', () => {
  const platform = {
    ingest: { cpuShare: 0.1, peakRssMib: 100 },
    'history-1': { cpuShare: 0.1, peakRssMib: 100 },
    'history-2': { cpuShare: 0.1, peakRssMib: 600 },
  };
  expect(failing({ platform })).toEqual(['RSS of history']);
});

test('what was not measured fails', () => {
  expect(judge([]).some(({ isPassed }) => isPassed)).toBe(false);
  const { queriesP95Ms: _, openStreams: __, ...rest } = stepOf(JUDGED.users, JUDGED.streams);
  const unknown = { count: 0, p50Ms: 0, p95Ms: 0, p99Ms: 0, maxMs: 0 };
  const passed = judge([{ ...rest, api: unknown, platform: {} }]).filter(({ isPassed }) => isPassed);
  expect(passed.map(({ what }) => what)).toEqual(['requests/s of 1000 users', 'messages/s of 1100 streams']);
});
