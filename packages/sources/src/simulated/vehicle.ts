import type { Random } from '@odograph/kernel/random';
import { type City, placeOf, placeOn, type Road } from './city.ts';
import type { FleetOptions } from './fleet-options.ts';
import type { Profile } from './profile.ts';

/** A simulated vehicle as it is now. Whoever lives its life changes it. */
export interface Vehicle {
  readonly profile: Profile;
  readonly city: City;
  readonly random: Random;
  /** Unix time in milliseconds. */
  nowMs: number;
  /** The junction it stands at, or left last. */
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

/** A plug-in hybrid keeps this share of its battery for itself. */
const RESERVE = { electric: 0, hybrid: 0.1, fuel: 0 } as const;

/** A vehicle at rest somewhere in the city, with something in its battery and its tank. */
export function createVehicle(
  profile: Profile,
  city: City,
  random: Random,
  { startMs, odometersKm }: Pick<FleetOptions, 'startMs' | 'odometersKm'>,
): Vehicle {
  const usedKm = random.between(0, 180_000);
  return {
    ...{ profile, city, random },
    nowMs: startMs + random.index(5_000),
    junction: random.index(city.junctions.length),
    ...{ road: undefined, alongM: 0, speedKmh: 0, headingDeg: random.index(360) },
    odometerKm: odometersKm?.get(profile.vehicleId) ?? usedKm,
    batteryKwh: profile.batteryKwh * random.between(0.15, 0.95),
    fuelL: profile.tankL * random.between(0.15, 0.95),
    ...{ isOn: false, isCharging: false, isLocked: true },
  };
}

/** 0 to 1; 0 without a battery. */
export function batteryShare({ profile, batteryKwh }: Vehicle): number {
  return profile.batteryKwh === 0 ? 0 : batteryKwh / profile.batteryKwh;
}

/** 0 to 1; 0 without a tank. */
export function fuelShare({ profile, fuelL }: Vehicle): number {
  return profile.tankL === 0 ? 0 : fuelL / profile.tankL;
}

/** How far it comes with the energy on board, kilometres. */
export function rangeKm({ profile, batteryKwh, fuelL }: Vehicle): number {
  return batteryKwh / profile.kwhPerKm + fuelL / profile.litresPerKm;
}

/** Where it is. */
export function whereIs({ city, road, alongM, junction }: Vehicle): ReturnType<typeof placeOf> {
  return road === undefined ? placeOf(city, junction) : placeOn(city, road, Math.min(alongM, road.lengthM));
}

/** Moves a distance along its road, at the cost of energy. */
export function move(vehicle: Vehicle, metres: number): void {
  const { profile } = vehicle;
  const km = metres / 1_000;
  vehicle.alongM += metres;
  vehicle.odometerKm += km;
  if (batteryShare(vehicle) > RESERVE[profile.drive]) vehicle.batteryKwh -= km * profile.kwhPerKm;
  else vehicle.fuelL -= km * profile.litresPerKm;
}
