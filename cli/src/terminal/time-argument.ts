import { Fault } from '@odograph/kernel/fault';
import { isoTime, parseIsoTime } from '@odograph/kernel/iso-time';
import { InvalidArgumentError } from 'commander';

const AGO = /^-(\d{1,6})([smhd])$/;
const MS_IN = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const DURATION = /^(\d{1,6})([smhd])$/;

/** As long as a silence may be. */
const LONGEST_MS = 366 * MS_IN.d;

/** How long, such as `90s`, `30m`, `2h` or `7d`, in milliseconds. */
export function durationArgument(text: string): number {
  const [, count, unit] = DURATION.exec(text) ?? [];
  const ms = Number(count) * MS_IN[unit as keyof typeof MS_IN];
  if (ms > 0 && ms <= LONGEST_MS) return ms;
  throw new InvalidArgumentError('It must be how long, such as 90s, 30m, 2h or 7d, and at most 366d.');
}

/** Throws a Fault INVALID_INPUT for a range that ends before it begins. */
export function assertRange({ from, to }: { readonly from?: number; readonly to?: number }): void {
  if (from === undefined || to === undefined || from < to) return;
  throw new Fault('INVALID_INPUT', `--from ${isoTime(from)} must be before --to ${isoTime(to)}`);
}

/** A time that a person typed, see {@link readTime}. */
export function timeArgument(text: string): number {
  const atMs = readTime(text, Date.now());
  if (atMs !== undefined) return atMs;
  throw new InvalidArgumentError(
    'It must be a time that exists, with its offset, such as 2026-11-21T10:00:00Z; a date; now; or how long ago, such as -90s, -5m, -1h or -2d.',
  );
}

/**
 * Reads an ISO 8601 time with its offset, a date (its start in UTC), `now`, or how long ago, such as `-5m`.
 * Gives Unix time in milliseconds; undefined for anything else.
 */
export function readTime(text: string, nowMs: number): number | undefined {
  if (text === 'now') return nowMs;
  const [, count, unit] = AGO.exec(text) ?? [];
  if (count !== undefined) return nowMs - Number(count) * MS_IN[unit as keyof typeof MS_IN];
  return parseIsoTime(text) ?? parseIsoTime(`${text}T00:00Z`);
}
