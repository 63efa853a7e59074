/** The hours of a week in which a rule applies. */
export interface ScheduleOptions {
  /** An IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string;
  /** On which days a stretch begins: `mon` to `sun`. */
  readonly days: readonly string[];
  /** `HH:MM` by the clocks of the time zone. One that does not end later than it begins ends on the next day. */
  readonly from: string;
  readonly to: string;
}

const WEEK = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const DAY_MINUTES = 24 * 60;
const MINUTE_MS = 60_000;
/** What clocks show is asked of the runtime once for each minute, because it takes microseconds. */
const KEPT_MINUTES = 4_096;

/** Whether a Unix time in milliseconds is in the schedule. */
export function scheduleOf({ timeZone, days, from, to }: ScheduleOptions): (atMs: number) => boolean {
  const clock = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  });
  const [begins, ends] = [minutesOf(from), minutesOf(to)];
  const lasts = ends > begins ? ends - begins : ends - begins + DAY_MINUTES;
  const isIn = (atMs: number): boolean => {
    const parts = new Map(clock.formatToParts(atMs).map(({ type, value }) => [type, value]));
    const day = WEEK.indexOf((parts.get('weekday') ?? '').toLowerCase());
    const minutes = minutesOf(`${parts.get('hour')}:${parts.get('minute')}`);
    const isOn = (which: number) => days.includes(WEEK[(which + 7) % 7] as string);
    const sinceToday = minutes - begins;
    if (sinceToday >= 0 && sinceToday < lasts) return isOn(day);
    return sinceToday + DAY_MINUTES < lasts && isOn(day - 1);
  };
  const kept = new Map<number, boolean>();
  return (atMs) => {
    const minute = Math.floor(atMs / MINUTE_MS);
    let known = kept.get(minute);
    if (known === undefined) {
      if (kept.size >= KEPT_MINUTES) kept.clear();
      known = isIn(minute * MINUTE_MS);
      kept.set(minute, known);
    }
    return known;
  };
}

function minutesOf(clockTime: string): number {
  const [hours, minutes] = clockTime.split(':').map(Number) as [number, number];
  return hours * 60 + minutes;
}
