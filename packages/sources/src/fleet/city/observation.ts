import type { Signals } from '@odograph/kernel/signal';
import { batteryShare, currentLocation, fuelShare, rangeKm, type Vehicle } from './vehicle.ts';

/** What a vehicle measures at a moment. */
export interface Observation {
  /** Unix time in milliseconds. */
  readonly atMs: number;
  /** Without the location. */
  readonly readings: Signals;
  readonly location: Signals;
  /** False in a tunnel. */
  readonly canSend: boolean;
}

const VSS_TYPE = { electric: 'ELECTRIC', hybrid: 'HYBRID', fuel: 'COMBUSTION' } as const;
const DAY_MS = 86_400_000;
/** The warmest time of the day, UTC. */
const WARMEST_MS = 14 * 3_600_000;

export function observe(vehicle: Vehicle): Observation {
  const { latitudeDeg, longitudeDeg } = currentLocation(vehicle);
  return {
    atMs: vehicle.nowMs,
    canSend: !(vehicle.road?.isTunnel ?? false),
    location: {
      latitude_deg: rounded(latitudeDeg, 6),
      longitude_deg: rounded(longitudeDeg, 6),
      altitude_m: Math.round(520 + 900 * (latitudeDeg - 48.137)),
      heading_deg: rounded(vehicle.headingDeg, 1),
    },
    readings: {
      speed_kmh: rounded(vehicle.speedKmh, 1),
      odometer_km: rounded(vehicle.odometerKm, 3),
      range_km: Math.round(rangeKm(vehicle)),
      engine_running: vehicle.isOn,
      doors_locked: vehicle.isLocked,
      ...energyOf(vehicle),
      ...(vehicle.isOn ? {} : readAtRest(vehicle)),
    },
  };
}

function energyOf(vehicle: Vehicle): Signals {
  const { batteryKwh, tankL } = vehicle.profile;
  return {
    ...(batteryKwh > 0 && {
      battery_level_pct: rounded(batteryShare(vehicle) * 100, 2),
      charging: vehicle.isCharging,
    }),
    ...(tankL > 0 && { fuel_level_pct: rounded(fuelShare(vehicle) * 100, 2) }),
  };
}

/** Signals that are only sent at rest. */
function readAtRest({ profile, nowMs }: Vehicle): Signals {
  const warmth = Math.cos(((nowMs - WARMEST_MS) / DAY_MS) * 2 * Math.PI);
  const ambientC = rounded(11 + 6 * warmth, 1);
  return {
    ambient_temperature_c: ambientC,
    'Vehicle.Powertrain.Type': VSS_TYPE[profile.drive],
    'Vehicle.Chassis.Axle.Row1.Wheel.Left.Tire.Pressure': Math.round(225 + ambientC * 0.8),
  };
}

function rounded(value: number, digits: number): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}
