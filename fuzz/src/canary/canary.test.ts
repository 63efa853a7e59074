import { Fault } from '@odograph/kernel/fault';
import { expect, test } from 'vitest';
import { whyNot } from './canary.ts';

test('a refusal with a delay is what a limit answers, and everything else is a failure', () => {
  const refusal = new Fault('OVERLOADED', 'the stream is full', { retryAfterMs: 5_000 });
  expect(whyNot(refusal)).toEqual({ refusal: 'OVERLOADED: the stream is full' });
  expect(whyNot(new Fault('OVERLOADED', 'full'))).toEqual({ failure: 'OVERLOADED: full' });
  const away = new Fault('UNAVAILABLE', 'history is away', { retryAfterMs: 1_000 });
  expect(whyNot(away)).toEqual({ failure: 'UNAVAILABLE: history is away' });
  expect(whyNot(new TypeError('x is undefined'))).toEqual({ failure: 'TypeError: x is undefined' });
});
