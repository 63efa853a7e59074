import type { KnownSignalName } from '@odograph/kernel/signal';

/** What a signal can be, bounds included. */
export interface Range {
  readonly min: number;
  readonly max: number;
  readonly unit: string;
}

/** A value that stands for something else than a measurement. */
export interface Sentinel {
  readonly value: number;
  readonly means: string;
}

/** What can be believed of each number. Wider than any road vehicle needs, so that only what cannot be falls out. */
export const RANGES: Readonly<Record<string, Range>> = {
  battery_level_pct: { min: 0, max: 100, unit: 'percent' },
  fuel_level_pct: { min: 0, max: 100, unit: 'percent' },
  odometer_km: { min: 0, max: 10_000_000, unit: 'km' },
  latitude_deg: { min: -90, max: 90, unit: 'degrees' },
  longitude_deg: { min: -180, max: 180, unit: 'degrees' },
  heading_deg: { min: 0, max: 360, unit: 'degrees' },
  speed_kmh: { min: 0, max: 350, unit: 'km/h' },
  altitude_m: { min: -500, max: 9_000, unit: 'm' },
  range_km: { min: 0, max: 5_000, unit: 'km' },
  ambient_temperature_c: { min: -90, max: 60, unit: 'degrees Celsius' },
  ambient_humidity_pct: { min: 0, max: 100, unit: 'percent' },
} satisfies Partial<Record<KnownSignalName, Range>>;

/** Values within range that are no measurements. */
export const SENTINELS: Readonly<Record<string, readonly Sentinel[]>> = {
  // SAE J1939-71, SPN 84: two bytes of 1/256 km/h, all ones where not available. One byte of km/h likewise.
  speed_kmh: [
    { value: 255, means: 'a byte of ones: the vehicle does not know its speed' },
    { value: 0xffff / 256, means: 'two bytes of ones: the vehicle does not know its speed' },
  ],
  latitude_deg: [{ value: 0, means: 'what a receiver without a fix reports' }],
} satisfies Partial<Record<KnownSignalName, readonly Sentinel[]>>;

/** No vehicle reported by telemetry before: a clock that says so was never set. */
export const EARLIEST_OBSERVED_AT_MS = Date.UTC(1990, 0, 1);
