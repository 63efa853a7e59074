import { expect, test } from 'vitest';
import { judgeAnswer, judgeLog, judgeOperation, Violations } from './verdict.ts';
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

const OPERATION = { name: 'GetStatus', tookMs: 700, lagMs: 0 };

test('the canary waits 500 ms at most, and what the machine withheld', () => {
  expect(judgeOperation(OPERATION)).toMatchObject({ isDelay: true });
  expect(judgeOperation({ ...OPERATION, lagMs: 200 })).toBeUndefined();
  expect(judgeOperation({ ...OPERATION, tookMs: 1, failure: 'UNAVAILABLE: gone' })).toMatchObject({
    rule: 'the canary is served',
  });
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
