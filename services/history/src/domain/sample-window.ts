import { LATEST_OBSERVED_AT_MS } from './recorded-sample.ts';

/** Samples are kept by windows of event time, aligned to UTC: which window a sample is in depends on its time alone. */
export const WINDOW_MS = 6 * 60 * 60 * 1000;

/**
 * Where the window of a time starts, both in Unix milliseconds.
 * Total: a time before 1970, or after the year 9999, belongs to the window at that end.
 */
export function windowStartOf(timeMs: number): number {
  const inRangeMs = timeMs > 0 ? Math.min(timeMs, LATEST_OBSERVED_AT_MS) : 0;
  return inRangeMs - (inRangeMs % WINDOW_MS);
}

/** The key of a time's window, such as `2021-04-22T06:00Z`. Keys sort as their windows do. */
export function windowKeyOf(timeMs: number): string {
  return `${new Date(windowStartOf(timeMs)).toISOString().slice(0, 'yyyy-mm-ddThh:mm'.length)}Z`;
}
