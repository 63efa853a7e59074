import { describe, expect, test } from 'vitest';
import type { Operation } from './canary/canary.ts';
import { judgeAnswer, judgeCount, judgeLog, judgeOperation, Refusals, Violations } from './verdict.ts';
import type { Answer } from './wire/call.ts';

const ANSWER: Answer = { end: 'answered', status: 3, text: 'partition must be below 2' };

test('a refusal in words, and a closed stream, break no rule', () => {
  expect(judgeAnswer(ANSWER)).toBeUndefined();
  expect(judgeAnswer({ ...ANSWER, end: 'closed' })).toBeUndefined();
});

test.each([
  ['is INTERNAL', { status: 13 }, 'no answer is INTERNAL or UNKNOWN'],
  ['is UNKNOWN', { status: 2 }, 'no answer is INTERNAL or UNKNOWN'],
  ['has a stack', { text: 'no\n    at read (file.ts:3:7)' }, 'no answer shows the inside of the program'],
  ['does not come', { end: 'neither in time' as const }, 'an input is answered or closed in time'],
])('an answer that %s breaks a rule', (_, wrong, rule) => {
  expect(judgeAnswer({ ...ANSWER, ...wrong })).toMatchObject({ rule });
});

const OPERATION = { name: 'GetStatus', endedAtMs: 0, tookMs: 700, lagMs: 0 };

test('the canary waits 500 ms at most, and what the machine withheld', () => {
  expect(judgeOperation(OPERATION)).toMatchObject({ isDelay: true });
  expect(judgeOperation({ ...OPERATION, lagMs: 200 })).toBeUndefined();
  expect(judgeOperation({ ...OPERATION, tookMs: 1, failure: 'UNAVAILABLE: gone' })).toMatchObject({
    rule: 'the canary is served',
  });
});

describe('a refusal that says when to try again', () => {
  const refusals = new Refusals();
  const judge = (endedAtMs: number, more: Partial<Operation> = { refusal: 'OVERLOADED: wait 1000 ms' }) =>
    refusals.judge({ ...OPERATION, endedAtMs, ...more });

  test('breaks no rule for five seconds in a row', () => {
    for (const atMs of [1_000, 3_000, 6_000]) expect(judge(atMs)).toBeUndefined();
  });

  test('breaks one after that, whatever else is served and whatever fails', () => {
    expect(judge(6_001, { name: 'Report' })).toBeUndefined();
    expect(judge(6_002, { failure: 'UNAVAILABLE: gone' })).toBeUndefined();
    const detail = 'GetStatus was refused for 5003 ms: OVERLOADED: wait 1000 ms';
    expect(judge(6_003)).toEqual({ rule: 'the canary is served', detail });
  });

  test('begins a new row after a call that is served', () => {
    expect(judge(6_500, {})).toBeUndefined();
    expect(judge(7_000)).toBeUndefined();
    expect(judge(12_000)).toBeUndefined();
    expect(judge(12_001)).toBeDefined();
  });
});

test('a run without an acknowledgement shows nothing', () => {
  expect(judgeCount({ 'canary-1': '0/7/0' })).toEqual([]);
  expect(judgeCount({})).toMatchObject([{ rule: 'the canary is served' }]);
});

test('an acknowledged report must be in the log once, at its position', () => {
  const acknowledged = { 'canary-1': '0/7/0' };
  const event = { reportId: 'canary-1', position: '0/7/0' };
  expect(judgeLog(acknowledged, [event])).toEqual([]);
  for (const logged of [[], [event, event], [{ ...event, position: '0/8/0' }]]) {
    expect(judgeLog(acknowledged, logged)).toHaveLength(1);
  }
});

test('violations that differ in numbers only are counted as one', () => {
  const violations = new Violations();
  violations.add({ rule: 'r', detail: 'took 700 ms' }, [{ number: 1, name: 'a' }]);
  violations.add({ rule: 'r', detail: 'took 900 ms' }, [{ number: 2, name: 'b' }]);
  expect(violations.all()).toMatchObject([{ detail: 'took 700 ms', count: 2 }]);
});
