import { expect, test } from 'vitest';
import { storedAtMsOf } from './envelope-reader.ts';

test('a message is known by the millisecond in which it was stored, to its last nanosecond', () => {
  const timestampNanos = 1_795_627_701_935_999_990n;
  expect(Math.floor(Number(timestampNanos) / 1e6), 'what the number cannot hold').toBe(1_795_627_701_936);
  expect(storedAtMsOf({ timestampNanos })).toBe(1_795_627_701_935);
});
