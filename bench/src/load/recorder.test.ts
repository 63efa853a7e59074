import { Fault } from '@odograph/kernel/fault';
import { expect, test } from 'vitest';
import { createRecorder } from './recorder.ts';

test('it records counts, latencies and errors since begin', () => {
  const recorder = createRecorder();
  recorder.count('acknowledged', 99);
  recorder.failed(new Fault('OVERLOADED', 'before'));
  recorder.begin();
  recorder.count('acknowledged', 150);
  recorder.time('acknowledged', 20);
  recorder.failed(new Fault('DEADLINE', 'late'));
  recorder.failed(new Fault('OVERLOADED', 'full', { limit: '30 connections' }));
  const { perSecond, latency, errors } = recorder.end();
  expect(perSecond.acknowledged).toBeGreaterThan(0);
  expect(perSecond.answered).toBe(0);
  expect(latency.acknowledged).toMatchObject({ count: 1, maxMs: expect.closeTo(20, 1) });
  expect(latency.visible.count).toBe(0);
  expect(errors).toEqual({ DEADLINE: 1, 'OVERLOADED, 30 connections': 1 });
});

test('an error that is not a Fault is a bug, and is thrown again', () => {
  expect(() => createRecorder().failed(new TypeError('oops'))).toThrow('oops');
});
