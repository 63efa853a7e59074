import { LATEST_OBSERVED_AT_MS } from './recorded-sample.ts';

/**
 * Samples are stored by windows of event time, aligned to UTC, so the window of a sample depends on its time alone.
 * A flush rewrites the last document of a window; two hours at one sample a second are one document.
 */
const WINDOW_MS = 2 * 60 * 60 * 1000;

/**
 * The start of a time's window, both in Unix milliseconds.
 * A time before 1970 belongs to the first window and one after the year 9999 to the last.
 */
export function windowStartOf(timeMs: number): number {
  const inRangeMs = timeMs > 0 ? Math.min(timeMs, LATEST_OBSERVED_AT_MS) : 0;
  return inRangeMs - (inRangeMs % WINDOW_MS);
}

/**
 * The key of a time's window, such as `2021-04-22T06:00Z`. Keys sort as their windows do.
 * Called for every sample, so it does not use Date.toISOString, which takes three times as long.
 */
export function windowKeyOf(timeMs: number): string {
  const start = new Date(windowStartOf(timeMs));
  const year = String(start.getUTCFullYear()).padStart(4, '0');
  const [month, day] = [twoDigits(start.getUTCMonth() + 1), twoDigits(start.getUTCDate())];
  return `${year}-${month}-${day}T${twoDigits(start.getUTCHours())}:00Z`;
}

function twoDigits(number: number): string {
  return number < 10 ? `0${number}` : `${number}`;
}
