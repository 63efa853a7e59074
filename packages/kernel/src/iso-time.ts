/** Fields of a date and a time of day in a time zone that is not named. */
interface LocalFields {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond?: number;
}

const LOCAL = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3})\d*)?)?$/;
const OFFSET = /(?:Z|([+-])(\d{2}):(\d{2}))$/;

/** ISO 8601 in UTC with milliseconds; a time outside the range of `Date` is written as `<number>ms`. */
export function isoTime(atMs: number): string {
  const time = new Date(atMs);
  return Number.isNaN(time.getTime()) ? `${atMs}ms` : time.toISOString();
}

/**
 * Reads an ISO 8601 time with its offset, such as `2026-11-21T10:00:00.250+01:00`; seconds may be left out, and digits
 * after the millisecond are. Gives Unix time in milliseconds; undefined for another form and for a time that does not
 * exist, such as 30 February, 24:00, or the leap second 23:59:60, for which Unix time has no number.
 */
export function parseIsoTime(text: string): number | undefined {
  const offset = OFFSET.exec(text);
  if (!offset) return undefined;
  const localMs = parseLocalTime(text.slice(0, offset.index));
  const [hours, minutes] = [Number(offset[2] ?? 0), Number(offset[3] ?? 0)];
  if (localMs === undefined || hours > 23 || minutes > 59) return undefined;
  return localMs - (offset[1] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** Reads an ISO 8601 time without an offset, as milliseconds since 1970 in local time; undefined as of {@link parseIsoTime}. */
export function parseLocalTime(text: string): number | undefined {
  const match = LOCAL.exec(text);
  if (!match) return undefined;
  const field = (at: number) => Number(match[at] ?? 0);
  return localTime({
    ...{ year: field(1), month: field(2), day: field(3), hour: field(4), minute: field(5), second: field(6) },
    millisecond: Number((match[7] ?? '').padEnd(3, '0')),
  });
}

/** Milliseconds since 1970 in local time; undefined if the calendar or the clock has no such time. */
export function localTime(fields: LocalFields): number | undefined {
  const { year, month, day, hour, minute, second, millisecond = 0 } = fields;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return date.setUTCHours(hour, minute, second, millisecond);
}
