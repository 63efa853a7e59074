import { matcherOf, type StatusFilter } from '@odograph/projections/status-filter';
import { type Location, listedAs, locationOf, type Profile } from './profile.ts';

/** A box on the map, in degrees of WGS 84, with its edges. One whose west is greater than its east goes over the antimeridian. */
export interface Box {
  readonly southDeg: number;
  readonly westDeg: number;
  readonly northDeg: number;
  readonly eastDeg: number;
}

/** Which vehicles are meant: those that meet all conditions. */
export interface Conditions extends StatusFilter {
  /** Only these, in order and each once; undefined: all. */
  readonly vehicleIds: readonly string[] | undefined;
  /** Only those whose last location is in it. */
  readonly box: Box | undefined;
}

/** Whether a vehicle meets conditions. */
export type Choice = (vehicleId: string, profile: Profile) => boolean;

export function choiceOf({ vehicleIds, box, ...filter }: Conditions): Choice {
  const ids = vehicleIds && new Set(vehicleIds);
  const matches = matcherOf(filter);
  return (vehicleId, profile) => {
    if (ids && !ids.has(vehicleId)) return false;
    if (box && !isIn(box, locationOf(profile))) return false;
    return matches(vehicleId, listedAs(profile));
  };
}

function isIn({ southDeg, northDeg, westDeg, eastDeg }: Box, location: Location | undefined): boolean {
  if (!location) return false;
  const { latitudeDeg, longitudeDeg } = location;
  if (latitudeDeg < southDeg || latitudeDeg > northDeg) return false;
  if (westDeg <= eastDeg) return longitudeDeg >= westDeg && longitudeDeg <= eastDeg;
  return longitudeDeg >= westDeg || longitudeDeg <= eastDeg;
}
