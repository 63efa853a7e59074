import * as kernel from '@odograph/kernel/fault';
import { expect, it } from 'vitest';
import { Fault, isFault } from './fault.ts';

it.each([
  ['this package', new Fault('NOT_FOUND', 'no such vehicle')],
  ['the platform', new kernel.Fault('NOT_FOUND', 'no such vehicle')],
])('a fault of %s is recognized by both packages', (_, fault) => {
  for (const isOne of [isFault, kernel.isFault]) {
    expect(isOne(fault)).toBe(true);
    expect(isOne(fault, 'UNAVAILABLE', 'NOT_FOUND')).toBe(true);
    expect(isOne(fault, 'UNAVAILABLE')).toBe(false);
  }
});

it.each([
  ['another error', new Error('x')],
  ['an object with a code', { code: 'NOT_FOUND', message: 'x' }],
  ['nothing', undefined],
])('%s is not a fault', (_, value) => {
  expect([isFault(value), kernel.isFault(value)]).toEqual([false, false]);
});

it('one type can stand for the other', () => {
  const code: kernel.FaultCode = new Fault('OVERLOADED', 'x').code;
  const fault: kernel.Fault = new Fault(code, 'full', { retryAfterMs: 5, limit: '1/s' });
  expect(fault).toMatchObject({
    name: 'Fault',
    code: 'OVERLOADED',
    retryAfterMs: 5,
    limit: '1/s',
    findings: [],
  });
});
