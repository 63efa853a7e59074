import { expect, it } from 'vitest';
import { durationArgument, readTime, timeArgument } from './time-argument.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 10);

it.each([
  ['now', NOW_MS],
  ['-90s', NOW_MS - 90_000],
  ['-5m', NOW_MS - 300_000],
  ['-1h', Date.UTC(2026, 10, 21, 9)],
  ['-2d', Date.UTC(2026, 10, 19, 10)],
  ['2026-11-21', Date.UTC(2026, 10, 21)],
  ['2026-11-21T11:00:00.25+01:00', NOW_MS + 250],
])('%s is a time', (text, atMs) => {
  expect(readTime(text, NOW_MS)).toBe(atMs);
});

it.each(['2021-06-31', '2021-06-31T00:00:00Z', '2026-11-21T10:00:00', '1h', '-1', '-1w', '', 'yesterday'])(
  '%j is none',
  (text) => {
    expect(() => timeArgument(text)).toThrow('such as 2026-11-21T10:00:00Z; a date; now; or how long ago');
  },
);

it.each([
  ['90s', 90_000],
  ['30m', 1_800_000],
  ['2h', 7_200_000],
  ['366d', 366 * 86_400_000],
])('%s is a duration', (text, ms) => {
  expect(durationArgument(text)).toBe(ms);
});

it.each(['367d', '0s', '2', '-2h', '1.5h', '2h30m', ''])('%j is not a duration', (text) => {
  expect(() => durationArgument(text)).toThrow('such as 90s, 30m, 2h or 7d, and at most 366d');
});
