import { expect, test } from 'vitest';
import { storedAtMsOf } from './envelope-reader.ts';

test('the time of a message is the millisecond in which it was stored, also for the last nanoseconds of it', () => {
  const timestampNanos = 1_795_627_701_935_999_990n;
  expect(Math.floor(Number(timestampNanos) / 1e6), 'a double rounds up').toBe(1_795_627_701_936);
  expect(storedAtMsOf({ timestampNanos })).toBe(1_795_627_701_935);
});
