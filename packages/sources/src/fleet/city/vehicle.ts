import type { Random } from '@odograph/kernel/random';
import { type City, type Location, locationOf, locationOn, nearestJunction, type Road } from './city.ts';
import type { CityOptions, LastReported } from './city-options.ts';
import type { Profile } from './profile.ts';

/** The state of a simulated vehicle; `live` changes it. */
export interface Vehicle {
  readonly profile: Profile;
  readonly city: City;
  readonly random: Random;
  /** Unix time in milliseconds. */
  nowMs: number;
  /** The junction where it is, or which it left last. */
  junction: number;
  /** The road it is on; undefined at a junction. */
  road: Road | undefined;
  alongM: number;
  speedKmh: number;
  headingDeg: number;
  odometerKm: number;
  batteryKwh: number;
  fuelL: number;
  isOn: boolean;
  isCharging: boolean;
  isLocked: boolean;
}

/** The share of the battery that a plug-in hybrid does not use for driving. */
const RESERVE = { electric: 0, hybrid: 0.1, fuel: 0 } as const;

/** A vehicle at rest, as it was reported last; without that at a random junction, with random levels of battery and tank. */
export function createVehicle(
  profile: Profile,
  city: City,
  random: Random,
  { startMs, last }: Pick<CityOptions, 'startMs' | 'last'>,
): Vehicle {
  const usedKm = random.between(0, 180_000);
  const vehicle: Vehicle = {
    ...{ profile, city, random },
    nowMs: startMs + random.index(5_000),
    junction: random.index(city.junctions.length),
    ...{ road: undefined, alongM: 0, speedKmh: 0, headingDeg: random.index(360) },
    odometerKm: usedKm,
    batteryKwh: profile.batteryKwh * random.between(0.15, 0.95),
    fuelL: profile.tankL * random.between(0.15, 0.95),
    ...{ isOn: false, isCharging: false, isLocked: true },
  };
  resume(vehicle, last?.get(profile.vehicleId) ?? {});
  return vehicle;
}

/** On a road it goes on from the nearest junction. */
function resume(vehicle: Vehicle, last: LastReported): void {
  const { profile, city } = vehicle;
  const { odometerKm, latitudeDeg, longitudeDeg, batteryLevelPct, fuelLevelPct } = last;
  if (odometerKm !== undefined) vehicle.odometerKm = odometerKm;
  if (batteryLevelPct !== undefined) vehicle.batteryKwh = (profile.batteryKwh * batteryLevelPct) / 100;
  if (fuelLevelPct !== undefined) vehicle.fuelL = (profile.tankL * fuelLevelPct) / 100;
  if (latitudeDeg !== undefined && longitudeDeg !== undefined)
    vehicle.junction = nearestJunction(city, { latitudeDeg, longitudeDeg });
}

/** 0 to 1; 0 without a battery. */
export function batteryShare({ profile, batteryKwh }: Vehicle): number {
  return profile.batteryKwh === 0 ? 0 : batteryKwh / profile.batteryKwh;
}

/** 0 to 1; 0 without a tank. */
export function fuelShare({ profile, fuelL }: Vehicle): number {
  return profile.tankL === 0 ? 0 : fuelL / profile.tankL;
}

/** How far it can drive with the energy on board, in kilometres. */
export function rangeKm({ profile, batteryKwh, fuelL }: Vehicle): number {
  return batteryKwh / profile.kwhPerKm + fuelL / profile.litresPerKm;
}

export function currentLocation({ city, road, alongM, junction }: Vehicle): Location {
  return road === undefined
    ? locationOf(city, junction)
    : locationOn(city, road, Math.min(alongM, road.lengthM));
}

/** Moves a distance along the road, which costs energy. */
export function move(vehicle: Vehicle, metres: number): void {
  const { profile } = vehicle;
  const km = metres / 1_000;
  vehicle.alongM += metres;
  vehicle.odometerKm += km;
  if (batteryShare(vehicle) > RESERVE[profile.drive]) vehicle.batteryKwh -= km * profile.kwhPerKm;
  else vehicle.fuelL -= km * profile.litresPerKm;
}
