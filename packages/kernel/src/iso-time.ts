/** ISO 8601 in UTC with milliseconds; a time outside the range of `Date` is written as `<number>ms`. */
export function isoTime(atMs: number): string {
  const time = new Date(atMs);
  return Number.isNaN(time.getTime()) ? `${atMs}ms` : time.toISOString();
}
