import { LATEST_OBSERVED_AT_MS } from './recorded-sample.ts';

/** Samples are kept by windows of event time, UTC-aligned, fixed so that a sample's window depends on nothing but its time. */
export const WINDOW_MS = 6 * 60 * 60 * 1000;

/**
 * The window of a time in Unix milliseconds, by its start: `2021-04-22T06:00Z`. Keys sort as their windows do.
 * Total: a time before 1970, or after the year 9999, belongs to the window at that end.
 */
export function windowKeyOf(timeMs: number): string {
  const inRange = timeMs > 0 ? Math.min(timeMs, LATEST_OBSERVED_AT_MS) : 0;
  return `${new Date(inRange - (inRange % WINDOW_MS)).toISOString().slice(0, 'yyyy-mm-ddThh:mm'.length)}Z`;
}
