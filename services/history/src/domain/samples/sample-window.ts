import { LATEST_OBSERVED_AT_MS } from './recorded-sample.ts';

/**
 * Samples are kept by windows of event time, aligned to UTC: which window a sample is in depends on its time alone. A
 * flush writes a window's last document again: of two hours at one sample a second there is one.
 */
export const WINDOW_MS = 2 * 60 * 60 * 1000;

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
  const startMs = windowStartOf(timeMs);
  let key = KEYS.get(startMs);
  if (key === undefined) {
    key = `${new Date(startMs).toISOString().slice(0, 'yyyy-mm-ddThh:mm'.length)}Z`;
    if (KEYS.size >= MAX_KEYS) KEYS.clear();
    KEYS.set(startMs, key);
  }
  return key;
}

/** A key costs more than all else that is done to find a sample's slice, and a fleet is mostly in the same few windows. */
const KEYS = new Map<number, string>();
const MAX_KEYS = 1_000;
