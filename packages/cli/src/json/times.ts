/** ISO 8601 in UTC with milliseconds, as all times of the JSON forms; a time no calendar has as its milliseconds. */
export function isoTime(atMs: number): string {
  const time = new Date(atMs);
  return Number.isNaN(time.getTime()) ? `${atMs}ms` : time.toISOString();
}

/** As {@link isoTime}; null for 0, which stands for no time. */
export function isoTimeOrNull(atMs: number): string | null {
  return atMs === 0 ? null : isoTime(atMs);
}
