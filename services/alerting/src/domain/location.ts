import type { Signals } from '@odograph/kernel/signal';

/** Where a vehicle is, in degrees on WGS 84. */
export interface Location {
  readonly latitude: number;
  readonly longitude: number;
}

/** What a location is made of. */
export const LOCATION_SIGNALS = ['latitude_deg', 'longitude_deg'] as const;

/** Distances in metres, by a library of geometry. */
export type DistanceM = (from: Location, to: Location) => number;

/** The location of a sample that has one. */
export function locationIn({
  latitude_deg: latitude,
  longitude_deg: longitude,
}: Signals): Location | undefined {
  return typeof latitude === 'number' && typeof longitude === 'number' ? { latitude, longitude } : undefined;
}

/** A location and its time. */
export interface Fix extends Location {
  readonly atMs: number;
}

/** The fixes of a vehicle so far: the last one that is believed, and one after it that is too far away to be. */
export interface Fixes {
  last: Fix | null;
  suspect: Fix | null;
}

/** How a fix follows those before: as the next one of a way, as the first one, or not believed. */
export type FixKind = 'next' | 'first' | 'suspect';

/** No road vehicle is faster, and what is nearer may be an error of the receiver. */
const JUMP = { leastM: 500, metresPerS: 100 };

/**
 * Takes the next fix. One that the vehicle cannot have reached is not believed until the next one is near it: then the vehicle
 * was carried, or the one before was wrong, and there is no way between them.
 */
export function takeFix(fixes: Fixes, fix: Fix, distanceM: DistanceM): FixKind {
  const { last, suspect } = fixes;
  if (last !== null && isJump(last, fix, distanceM)) {
    const isConfirmed = suspect !== null && !isJump(suspect, fix, distanceM);
    fixes.suspect = isConfirmed ? null : fix;
    if (!isConfirmed) return 'suspect';
    fixes.last = fix;
    return 'first';
  }
  fixes.last = fix;
  fixes.suspect = null;
  return last === null ? 'first' : 'next';
}

function isJump(from: Fix, to: Fix, distanceM: DistanceM): boolean {
  const metres = distanceM(from, to);
  return metres > JUMP.leastM && metres * 1_000 > JUMP.metresPerS * (to.atMs - from.atMs);
}
