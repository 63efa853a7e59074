import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isoTime, parseIsoTime } from './iso-time.ts';

describe('an ISO 8601 time', () => {
  it.each([
    ['2026-11-21T10:00:00Z', Date.UTC(2026, 10, 21, 10)],
    ['2026-11-21T10:00Z', Date.UTC(2026, 10, 21, 10)],
    ['2026-11-21T11:30:00.25+01:30', Date.UTC(2026, 10, 21, 10, 0, 0, 250)],
    ['2026-11-21T09:30:00-00:30', Date.UTC(2026, 10, 21, 10)],
    ['2026-11-21T10:00:00.123987654Z', Date.UTC(2026, 10, 21, 10, 0, 0, 123)],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
  ])('%s is read', (text, atMs) => {
    expect(parseIsoTime(text)).toBe(atMs);
  });

  it.each([
    ...['2021-06-31T00:00:00Z', '2100-02-29T00:00:00Z', '2026-00-01T00:00:00Z', '2026-13-01T00:00:00Z'],
    ...[
      '2026-11-21T24:00:00Z',
      '2026-11-21T10:60:00Z',
      '2026-11-21T10:00:00+24:00',
      '2026-11-21T10:00:00+01:60',
    ],
    ...[
      '2026-11-21T10:00:00',
      '2026-11-21',
      '2026-11-21 10:00:00Z',
      '2026-11-21T10Z',
      '2026-11-21T10:00:00.Z',
      'Z',
      '',
    ],
  ])('%j does not exist or has another form', (text) => {
    expect(parseIsoTime(text)).toBeUndefined();
  });

  it('of a leap second has no Unix time', () => {
    expect(parseIsoTime('2016-12-31T23:59:60Z')).toBeUndefined();
  });

  it('is read as it was written', () => {
    const years = { min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z') };
    fc.assert(
      fc.property(fc.date({ ...years, noInvalidDate: true }), (date) => {
        expect(parseIsoTime(isoTime(date.getTime()))).toBe(date.getTime());
      }),
    );
  });
});
