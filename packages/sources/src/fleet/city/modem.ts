import type { Random } from '@odograph/kernel/random';
import type { SignalValue } from '@odograph/kernel/signal';
import type { Observation } from './observation.ts';

type Fault = Readonly<Record<string, SignalValue>>;

/** An observation on its way to ingest. */
export interface Transmission {
  /** When the modem sends it: Unix time in milliseconds, never before the observation. */
  readonly sentMs: number;
  readonly observation: Observation;
  /** The values of a broken sensor, which replace the observed ones. */
  readonly fault: Fault | undefined;
}

/** The share of reports with a value that is not believable. */
const FAULTY = 1 / 1_200;
/** Values of broken sensors: a speed of the raw byte 255, coordinates outside the globe, a counter that overflowed. */
const FAULTS: readonly [Fault, ...Fault[]] = [
  { speed_kmh: 410.38272 },
  { latitude_deg: 91 },
  { longitude_deg: 1555.6 },
  { odometer_km: -1 },
];
const LATEST_UPLOAD_S = 20;

/**
 * Sends each observation as soon as possible. Observations from inside a tunnel are held, and sent in random order after
 * the first one outside.
 */
export function createModem(random: Random): (seen: Observation) => readonly Transmission[] {
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

  function transmit(observation: Observation, sentMs: number): Transmission {
    const fault = random.chance(FAULTY) ? random.pick(FAULTS) : undefined;
    return { sentMs: Math.round(sentMs), observation, fault };
  }
}

/** Two reports of one moment are sent in the order of their observation. */
export function bySentTime(a: Transmission, b: Transmission): number {
  return a.sentMs - b.sentMs || a.observation.atMs - b.observation.atMs;
}
