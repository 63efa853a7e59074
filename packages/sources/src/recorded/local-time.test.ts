import { parseLocalTime } from '@odograph/kernel/iso-time';
import { describe, expect, it } from 'vitest';

import { zoneClock } from './local-time.ts';

const toInstant = zoneClock('Africa/Casablanca');

function utcOf(local: string): string | undefined {
  const localMs = parseLocalTime(local);
  const atMs = localMs === undefined ? undefined : toInstant(localMs);
  return atMs === undefined ? undefined : new Date(atMs).toISOString();
}

describe('a local time in Morocco', () => {
  it.each([
    ['2021-03-29T11:13:45', '2021-03-29T10:13:45.000Z'],
    // In Ramadan the clock is set back to UTC.
    ['2021-04-22T08:42:50', '2021-04-22T08:42:50.000Z'],
    ['2021-07-01T10:34:36', '2021-07-01T09:34:36.000Z'],
  ])('%s is %s', (local, utc) => {
    expect(utcOf(local)).toBe(utc);
  });

  it('that occurs twice is the earlier instant', () => {
    expect(utcOf('2021-04-11T01:59:59')).toBe('2021-04-11T00:59:59.000Z');
    expect(utcOf('2021-04-11T02:30:00')).toBe('2021-04-11T01:30:00.000Z');
    expect(utcOf('2021-04-11T03:00:00')).toBe('2021-04-11T03:00:00.000Z');
  });

  it('that the clock skipped does not exist', () => {
    expect(utcOf('2021-05-16T01:59:59')).toBe('2021-05-16T01:59:59.000Z');
    expect(utcOf('2021-05-16T02:30:00')).toBeUndefined();
    expect(utcOf('2021-05-16T03:00:00')).toBe('2021-05-16T02:00:00.000Z');
  });
});

it('an unknown time zone is refused by name', () => {
  expect(() => zoneClock('Africa/Nowhere')).toThrow('unknown time zone "Africa/Nowhere"');
});
