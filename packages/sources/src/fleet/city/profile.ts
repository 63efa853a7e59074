import { createRandom, type Random, seedOf } from '@odograph/kernel/random';
import { hasRightCheckDigit } from '@odograph/kernel/vin';

/** What moves a vehicle. */
export type Drive = 'electric' | 'hybrid' | 'fuel';

/** What never changes about a simulated vehicle. */
export interface Profile {
  readonly vehicleId: string;
  readonly drive: Drive;
  /** Made up. */
  readonly model: string;
  /** With a correct check digit; a third of the vehicles sends no VIN. */
  readonly vin?: string;
  /** Usable energy of the traction battery, 0 without one. */
  readonly batteryKwh: number;
  /** 0 without a tank. */
  readonly tankL: number;
  readonly kwhPerKm: number;
  readonly litresPerKm: number;
  /** The speed its driver prefers, as a share of the speed limit. */
  readonly haste: number;
}

const MODELS = {
  electric: ['Lumen E3', 'Lumen E5 Van', 'Volta City'],
  hybrid: ['Brisa Hybrid', 'Tandem PHEV'],
  fuel: ['Corvo 1.4', 'Corvo Wagon', 'Mule 2.0 D'],
} as const;

/** The mix of a city fleet: per ten vehicles four electric, two hybrid, four with fuel. */
const MIX: readonly Drive[] = [
  ...(['electric', 'fuel', 'hybrid', 'electric', 'fuel'] as const),
  ...(['electric', 'fuel', 'hybrid', 'fuel', 'electric'] as const),
];

/** The profiles of a fleet. More vehicles do not change the first ones. */
export function cityProfiles(seed: number, vehicles: number): readonly Profile[] {
  return Array.from({ length: vehicles }, (_, at) => createProfile(seed, at + 1));
}

/** @param number of the vehicle in its fleet, from 1. */
function createProfile(seed: number, number: number): Profile {
  const random = createRandom(seedOf(seed, number));
  const drive = MIX[(number - 1) % MIX.length] ?? 'fuel';
  const vin = createVin(number, random);
  return {
    vehicleId: `sim-${String(number).padStart(3, '0')}`,
    drive,
    model: random.pick(MODELS[drive]),
    ...(number % 3 === 0 ? {} : { vin }),
    batteryKwh: { electric: random.between(38, 72), hybrid: random.between(9, 14), fuel: 0 }[drive],
    tankL: { electric: 0, hybrid: random.between(36, 42), fuel: random.between(45, 62) }[drive],
    kwhPerKm: random.between(0.13, 0.19),
    litresPerKm: random.between(0.055, 0.085),
    haste: random.between(0.85, 1.08),
  };
}

/** A VIN of a maker that does not exist (WX9), with a correct check digit (49 CFR 565.15). */
function createVin(number: number, random: Random): string {
  const letters = 'ABCDEFGHJKLMNPRSTUVWXYZ0123456789';
  const descriptor = Array.from({ length: 5 }, () => letters.charAt(random.index(letters.length))).join('');
  const serial = String(number).padStart(6, '0');
  const vins = [...'0123456789X'].map((digit) => `WX9${descriptor}${digit}TM${serial}`);
  return vins.find(hasRightCheckDigit) ?? '';
}
