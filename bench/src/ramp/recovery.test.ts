import { expect, test } from 'vitest';
import { type Moment, recoveredAt } from './recovery.ts';
import { stepOf } from './step.fixture.ts';

const before = stepOf(1_000, 1_000);

function moment(atMs: number, otherwise: Partial<Moment> = {}): Moment {
  const { api, acknowledged, requestsPerSecond, messagesPerSecond } = before;
  return {
    ...{ atMs, api, acknowledged, requestsPerSecond, messagesPerSecond, failedShare: 0 },
    ...otherwise,
  };
}

const slow = { api: { count: 1_000, p95Ms: 500 } };

test('it has recovered from the first of three good moments on', () => {
  const moments = [moment(0, slow), moment(1_000), moment(2_000), moment(3_000)];
  expect(recoveredAt(moments.slice(0, 3), before)).toBeUndefined();
  expect(recoveredAt(moments, before)).toBe(1_000);
});

test('good moments between bad ones do not count', () => {
  const moments = [moment(0), moment(1_000), moment(2_000, slow), moment(3_000), moment(4_000)];
  expect(recoveredAt(moments, before)).toBeUndefined();
  expect(recoveredAt([...moments, moment(5_000)], before)).toBe(3_000);
});

test('latency of either kind, a rate, or an error each keep it from being as before', () => {
  const row = (otherwise: Partial<Moment>) => [0, 1_000, 2_000].map((atMs) => moment(atMs, otherwise));
  expect(recoveredAt(row({}), before)).toBe(0);
  expect(recoveredAt(row({ api: { count: 1_000, p95Ms: 39 } }), before)).toBe(0);
  expect(recoveredAt(row({ api: { count: 1_000, p95Ms: 41 } }), before)).toBeUndefined();
  expect(recoveredAt(row({ acknowledged: { count: 1, p95Ms: 41 } }), before)).toBeUndefined();
  expect(recoveredAt(row({ requestsPerSecond: 1_000 }), before)).toBeUndefined();
  expect(recoveredAt(row({ messagesPerSecond: 500 }), before)).toBeUndefined();
  expect(recoveredAt(row({ failedShare: 0.001 }), before)).toBeUndefined();
});

test('it need not be better than before', () => {
  const errors = { requests: { DEADLINE: 40 }, messages: {} };
  const moments = [0, 1_000, 2_000].map((atMs) => moment(atMs, { failedShare: 0.002 }));
  expect(recoveredAt(moments, stepOf(1_000, 1_000, { errors }))).toBe(0);
  errors.requests.DEADLINE = 20;
  expect(recoveredAt(moments, stepOf(1_000, 1_000, { errors }))).toBeUndefined();
});
