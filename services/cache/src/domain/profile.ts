import { DEFAULT_REGISTRATION } from '@odograph/kernel/registration';
import { isNewerReading, isNewerVin } from '@odograph/projections/status';
import type { Listed } from '@odograph/projections/status-filter';
import type {
  GivenVin,
  LatestReading,
  MadeRegistration,
  StatusSlice,
} from '@odograph/projections/status-slice';

/**
 * What lists and watches choose a vehicle by: the part of its status that is small enough to be in memory for every vehicle.
 * Profiles of two parts of a log, merged, are the profile of both, in whatever order and how often the events come.
 */
export interface Profile {
  readonly registration: MadeRegistration | undefined;
  readonly retiredAtVersion: number;
  /** The newest VIN of a report. */
  readonly reportedVin: GivenVin | undefined;
  readonly latitude: LatestReading | undefined;
  readonly longitude: LatestReading | undefined;
}

export const EMPTY_PROFILE: Profile = {
  ...{ registration: undefined, retiredAtVersion: 0, reportedVin: undefined },
  ...{ latitude: undefined, longitude: undefined },
};

const LATITUDE = 'latitude_deg';
const LONGITUDE = 'longitude_deg';

export function profileOf({ registration, retiredAtVersion, vin, latest }: Readonly<StatusSlice>): Profile {
  return {
    ...{ registration, retiredAtVersion, reportedVin: vin },
    ...{ latitude: latest.get(LATITUDE), longitude: latest.get(LONGITUDE) },
  };
}

/** Gives `held` itself if nothing of `came` is newer. */
export function mergeProfiles(held: Profile, came: Profile): Profile {
  const merged: Profile = {
    registration: newer(held.registration, came.registration, (a, b) => a.version > b.version),
    retiredAtVersion: Math.max(held.retiredAtVersion, came.retiredAtVersion),
    reportedVin: newer(held.reportedVin, came.reportedVin, isNewerVin),
    latitude: newer(held.latitude, came.latitude, (a, b) => isNewerReading(LATITUDE, a, b)),
    longitude: newer(held.longitude, came.longitude, (a, b) => isNewerReading(LONGITUDE, a, b)),
  };
  return isSame(held, merged) ? held : merged;
}

function newer<T>(
  held: T | undefined,
  came: T | undefined,
  isNewer: (came: T, held: T) => boolean,
): T | undefined {
  if (held === undefined || came === undefined) return held ?? came;
  return isNewer(came, held) ? came : held;
}

function isSame(a: Profile, b: Profile): boolean {
  return (
    a.registration === b.registration &&
    a.retiredAtVersion === b.retiredAtVersion &&
    a.reportedVin === b.reportedVin &&
    a.latitude === b.latitude &&
    a.longitude === b.longitude
  );
}

/** The vehicle as lists see it. */
export function listedAs({ registration, retiredAtVersion, reportedVin }: Profile): Listed {
  const { fleet, model, displayName, tags, vin } = registration?.value ?? DEFAULT_REGISTRATION;
  const shownVin = vin || reportedVin?.value;
  const isRetired = retiredAtVersion > (registration?.version ?? 0);
  return { fleet, model, displayName, tags, isRetired, ...(shownVin && { vin: shownVin }) };
}

/** Where the vehicle was last, in degrees of WGS 84; undefined if it has not said. */
export interface Location {
  readonly latitudeDeg: number;
  readonly longitudeDeg: number;
}

export function locationOf({ latitude, longitude }: Profile): Location | undefined {
  if (typeof latitude?.value !== 'number' || typeof longitude?.value !== 'number') return undefined;
  return { latitudeDeg: latitude.value, longitudeDeg: longitude.value };
}
