import type { RecordedTime } from '../source.ts';

const LOCAL = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,3})\d*)?$/;
const OFFSET = /^(.+?)(Z|[+-]\d{2}:\d{2})$/;

/** Fields of a local date and time. */
interface LocalFields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond?: number;
}

/** An ISO 8601 time with an offset as an instant; anything else, such as 30 February, as the text of the clock. */
export function isoInstant(text: string): RecordedTime {
  const match = OFFSET.exec(text);
  const local = match?.[1] === undefined ? undefined : isoLocalMs(match[1]);
  const offsetMs = match?.[2] === undefined ? undefined : offsetMsOf(match[2]);
  if (local === undefined || offsetMs === undefined) return { clockText: text };
  return { atMs: local - offsetMs };
}

/** An ISO 8601 local time as milliseconds since 1970 in local time; undefined if it does not exist. */
export function isoLocalMs(text: string): number | undefined {
  const match = LOCAL.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [number, ...number[]];
  const millisecond = Number((match[7] ?? '').padEnd(3, '0'));
  return localMs({ year, month, day, hour, minute, second, millisecond } as LocalFields);
}

/** Milliseconds since 1970 in local time; undefined if the calendar or the clock has no such time. */
export function localMs(fields: LocalFields): number | undefined {
  const { year, month, day, hour, minute, second, millisecond = 0 } = fields;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return date.setUTCHours(hour, minute, second, millisecond);
}

function offsetMsOf(text: string): number | undefined {
  if (text === 'Z') return 0;
  const [hours, minutes] = [Number(text.slice(1, 3)), Number(text.slice(4, 6))];
  if (hours > 23 || minutes > 59) return undefined;
  return (text.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
