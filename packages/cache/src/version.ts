/** How far a source of values had come: the log of a partition, or the list of invalidations. */
export interface Stamp {
  readonly domain: string;
  /** Rises when the sequences of the domain begin again. */
  readonly epoch: number;
  readonly sequence: number;
}

/** What a value reflects: a stamp for each of its sources. */
export type Version = readonly Stamp[];

/**
 * The domain of the invalidations that a process had seen when it began to read a value. A value is only valid or not by it:
 * of two values, it does not say which is newer.
 */
export const INVALIDATIONS = 'invalidations';

/** The domain of invalidations that have no place in their list yet. */
export const PENDING = 'pending';

/** Negative if `a` is before `b`. Both are of one domain. */
export function compareStamps(a: Stamp, b: Stamp): number {
  return a.epoch - b.epoch || a.sequence - b.sequence;
}

/** Whether a value reflects its source up to a stamp, or further. A value that does not name the source does not. */
export function covers(version: Version, floor: Stamp): boolean {
  const own = version.find(({ domain }) => domain === floor.domain);
  return own !== undefined && compareStamps(own, floor) >= 0;
}

/** Whether a version reflects all that is asked for. */
export function reaches(version: Version, atLeast: Version): boolean {
  return atLeast.every((stamp) => covers(version, stamp));
}

/** Whether a value is older than one that is held, in any of its sources. */
export function isOlder(came: Version, held: Version): boolean {
  return held.some((stamp) => stamp.domain !== INVALIDATIONS && !covers(came, stamp));
}

/** The greater of two stamps in each domain. */
export function mergeFloors(a: Version, b: Version): Version {
  const merged = new Map(a.map((stamp) => [stamp.domain, stamp]));
  for (const stamp of b) {
    const held = merged.get(stamp.domain);
    if (!held || compareStamps(stamp, held) > 0) merged.set(stamp.domain, stamp);
  }
  return [...merged.values()];
}

/** Different for different versions. Empty for the one without stamps. */
export function formatVersion(version: Version): string {
  return version.map(({ domain, epoch, sequence }) => ` ${domain}@${epoch}/${sequence}`).join('');
}
