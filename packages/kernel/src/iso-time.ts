/** ISO 8601 in UTC with milliseconds; a time no calendar has as its milliseconds. */
export function isoTime(atMs: number): string {
  const time = new Date(atMs);
  return Number.isNaN(time.getTime()) ? `${atMs}ms` : time.toISOString();
}
