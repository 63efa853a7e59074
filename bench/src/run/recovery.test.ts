import { expect, test } from 'vitest';
import { stepOf } from '../report/step.fixture.ts';
import { type Moment, recoveredAt } from './recovery.ts';

const before = stepOf(1_000, 1_000);

function moment(atMs: number, otherwise: Partial<Moment> = {}): Moment {
  const { api, acknowledged, requestsPerSecond, messagesPerSecond, errors } = before;
  return { ...{ atMs, api, acknowledged, requestsPerSecond, messagesPerSecond, errors }, ...otherwise };
}

const apiOf = (p95Ms: number) => ({ ...before.api, p95Ms });
const slow = { api: apiOf(500) };
const failures = (DEADLINE: number) => ({ requests: { DEADLINE }, messages: {} });

test('it has recovered at the first of three good moments in a row', () => {
  const moments = [moment(0, slow), moment(1_000), moment(2_000), moment(3_000)];
  expect(recoveredAt(moments.slice(0, 3), before)).toBeUndefined();
  expect(recoveredAt(moments, before)).toBe(1_000);
});

test('good moments between bad ones do not count', () => {
  const moments = [moment(0), moment(1_000), moment(2_000, slow), moment(3_000), moment(4_000)];
  expect(recoveredAt(moments, before)).toBeUndefined();
  expect(recoveredAt([...moments, moment(5_000)], before)).toBe(3_000);
});

test('a latency, a rate or an error each delay the recovery', () => {
  const row = (otherwise: Partial<Moment>) => [0, 1_000, 2_000].map((atMs) => moment(atMs, otherwise));
  expect(recoveredAt(row({}), before)).toBe(0);
  expect(recoveredAt(row({ api: apiOf(39) }), before)).toBe(0);
  expect(recoveredAt(row({ api: apiOf(41) }), before)).toBeUndefined();
  expect(recoveredAt(row({ acknowledged: apiOf(41) }), before)).toBeUndefined();
  expect(recoveredAt(row({ requestsPerSecond: 1_000 }), before)).toBeUndefined();
  expect(recoveredAt(row({ messagesPerSecond: 500 }), before)).toBeUndefined();
  expect(recoveredAt(row({ errors: failures(1) }), before)).toBeUndefined();
});

test('it does not need to be better than before', () => {
  const moments = [0, 1_000, 2_000].map((atMs) => moment(atMs, { errors: failures(30) }));
  expect(recoveredAt(moments, stepOf(1_000, 1_000, { errors: failures(40) }))).toBe(0);
  expect(recoveredAt(moments, stepOf(1_000, 1_000, { errors: failures(20) }))).toBeUndefined();
});
