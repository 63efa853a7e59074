import { expect, test } from 'vitest';
import { findBreak, lastFine, whatWasFull } from './find-break.ts';
import { stepOf } from './step.fixture.ts';
import { whatBroke } from './what-broke.ts';

const slow = { count: 1_000, p50Ms: 100, p95Ms: 412.4, p99Ms: 900, maxMs: 1_000 };
const fine = stepOf(100, 100);
const broken = stepOf(300, 300, { api: slow });

test('the first step that is not fine is the break, the one before the last fine one', () => {
  const steps = [fine, stepOf(200, 200), broken, stepOf(400, 400)];
  expect(findBreak(steps)?.step).toBe(broken);
  expect(findBreak(steps)?.what).toEqual(['API p95 412 ms (bar: 200)']);
  expect(lastFine(steps)?.users).toBe(200);
});

test('where nothing breaks the last step is fine, and where the first breaks none is', () => {
  expect(findBreak([fine])).toBeUndefined();
  expect(lastFine([fine, stepOf(200, 200)])?.users).toBe(200);
  expect(lastFine([broken])).toBeUndefined();
});

test('errors are told by code and limit, and a few of them break nothing', () => {
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
  expect(whatBroke(stepOf(100, 100, { crashes: 1 }))).toEqual(['processes of the platform that ended: 1']);
  expect(whatBroke(stepOf(100, 100, { api: silent }))).toEqual(['no request was answered']);
});

const full = { cpuShare: 0.97, loopBusy: 1 };

test('a full event loop is named, a MongoDB of several cores is not', () => {
  const platform = { mongo: { cpuShare: 1.4 }, 'history-1': full };
  expect(whatWasFull(stepOf(100, 100, { platform }))).toEqual([
    'history-1: event loop 100 % busy, 0.97 of a core',
  ]);
});

test('a load generator that is full alone is what breaks', () => {
  const load = { users: full, streams: { cpuShare: 0.1, loopBusy: 0.1 } };
  expect(whatWasFull(stepOf(100, 100, { load })).at(-1)).toMatch(/is what breaks, not the platform/);
  const platform = { 'history-1': full };
  expect(whatWasFull(stepOf(100, 100, { load, platform })).at(-1)).toMatch(/no room left either/);
});

test('a full machine is said with what others take of it', () => {
  const machine = { cores: 2, busy: 1.97, busyWithOthers: 0.41 };
  expect(whatWasFull(stepOf(100, 100, { machine }))).toEqual([
    'all 2 cores of the machine are busy, 0.4 of them with others',
  ]);
});
