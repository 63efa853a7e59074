const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;

/** `00` to `59`. */
const TWO_DIGITS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));

/** The length of a time of the years 0 to 9999 in ISO 8601, such as `2021-04-22T07:42:50.000Z`. */
export const ISO_TIME_LENGTH = 24;

/**
 * Writes Unix times in milliseconds as Date.toISOString does, but much faster for times of the same day.
 * With Date.toISOString this would be the slowest step of encoding a block.
 */
export function createIsoTime(): (timeMs: number) => string {
  let dayMs = Number.NaN;
  let day = '';
  return (timeMs) => {
    const startMs = timeMs - (timeMs % DAY_MS);
    if (startMs !== dayMs) {
      dayMs = startMs;
      day = new Date(startMs).toISOString().slice(0, 'yyyy-mm-ddT'.length);
    }
    return day + timeOfDay(timeMs - startMs);
  };
}

function timeOfDay(ms: number): string {
  const hours = TWO_DIGITS[Math.floor(ms / HOUR_MS)];
  const minutes = TWO_DIGITS[Math.floor((ms % HOUR_MS) / MINUTE_MS)];
  const seconds = TWO_DIGITS[Math.floor((ms % MINUTE_MS) / SECOND_MS)];
  const rest = ms % SECOND_MS;
  return `${hours}:${minutes}:${seconds}.${rest === 0 ? '000' : String(rest).padStart(3, '0')}Z`;
}
