import { expectLinearTime } from '@odograph/testing/linear-time.fixture';
import { expect, test } from 'vitest';
import { isTraceparent } from './traceparent.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

test.each([
  ['the example of the standard', `00-${TRACE}-${PARENT}-01`],
  ['flags that are unknown', `00-${TRACE}-${PARENT}-02`],
  ['a later version with more fields', `cc-${TRACE}-${PARENT}-01-what-will-be`],
  ['a later version with 128 characters', `cc-${TRACE}-${PARENT}-01-${'a'.repeat(72)}`],
])('%s is a trace context', (_, text) => {
  expect(isTraceparent(text)).toBe(true);
});

test.each([
  ['an empty text', ''],
  ['version ff', `ff-${TRACE}-${PARENT}-01`],
  ['version 00 with more fields', `00-${TRACE}-${PARENT}-01-more`],
  ['an all-zero trace', `00-${'0'.repeat(32)}-${PARENT}-01`],
  ['an all-zero parent', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['upper case', `00-${TRACE.toUpperCase()}-${PARENT}-01`],
  ['a line break', `00-${TRACE}-${PARENT}-01\n`],
  ['a later version with over 128 characters', `cc-${TRACE}-${PARENT}-01-${'a'.repeat(73)}`],
])('%s is not a trace context', (_, text) => {
  expect(isTraceparent(text)).toBe(false);
});

test('the time to look at a trace context is in proportion to its length', async () => {
  const head = `cc-${TRACE}-${PARENT}-01-`;
  await expectLinearTime(isTraceparent, [{ head, unit: '-a', tail: '\n' }]);
});
