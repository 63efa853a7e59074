import type { VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import type { Random } from '@odograph/kernel/random';
import type { Signals, SignalValue } from '@odograph/kernel/signal';
import { reportOf } from '../source.ts';
import type { Observation } from './observation.ts';
import type { Profile } from './profile.ts';

/** A report on its way: when it comes out of the vehicle's modem. */
export interface Transmission {
  /** Unix time in milliseconds; never before the observation. */
  readonly sentMs: number;
  readonly report: VehicleReport;
}

/** How often a report has a value, or a clock, that nobody can believe. */
const FAULTY = 1 / 1_200;
/** What broken sensors tell: a speed of the raw byte 255, fixes off the globe, an overflown counter. */
const FAULTS: readonly [Readonly<Record<string, SignalValue>>, ...Readonly<Record<string, SignalValue>>[]] = [
  { speed_kmh: 410.38272 },
  { latitude_deg: 91 },
  { longitude_deg: 1555.6 },
  { odometer_km: -1 },
];
const LATEST_UPLOAD_S = 20;

/**
 * Sends what a vehicle sees as soon as it can: from a tunnel's end on, what was seen inside follows in no order, behind
 * what is seen then.
 */
export function createModem(
  profile: Profile,
  random: Random,
): (seen: Observation) => readonly Transmission[] {
  let held: Observation[] = [];
  return (seen) => {
    if (!seen.canSend) {
      held.push(seen);
      return [];
    }
    const late = held.map((earlier) =>
      transmit(earlier, seen.atMs + random.between(1, LATEST_UPLOAD_S) * 1_000),
    );
    held = [];
    return [transmit(seen, seen.atMs + random.between(80, 900)), ...late];
  };

  function transmit({ atMs, signals }: Observation, sentMs: number): Transmission {
    const told: Signals = random.chance(FAULTY) ? { ...signals, ...random.pick(FAULTS) } : signals;
    const report = reportOf(profile.vehicleId, { atMs }, told);
    const vin = profile.vin === undefined ? {} : { vin: profile.vin };
    return { sentMs: Math.round(sentMs), report: { ...report, ...vin } };
  }
}
