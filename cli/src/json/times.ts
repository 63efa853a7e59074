import { isoTime } from '@odograph/kernel/iso-time';

/** As {@link isoTime}; null for 0, which means no time. */
export function isoTimeOrNull(atMs: number): string | null {
  return atMs === 0 ? null : isoTime(atMs);
}
