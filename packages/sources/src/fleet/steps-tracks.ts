import type { Sample } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import { signalsToWire } from '@odograph/contracts/signals';
import { createRandom, type Random, seedOf } from '@odograph/kernel/random';
import type { Signals } from '@odograph/kernel/signal';
import type { SelectSignals, Track } from './track.ts';

export interface StepsOptions {
  readonly movement: 'steps';
  readonly seed: number;
  readonly vehicles: number;
  readonly startMs: number;
  /** From a report of a vehicle to its next one, in milliseconds. Default: 10,000. */
  readonly stepMs?: number;
  /** Default: 1. */
  readonly samplesPerReport?: number;
}

/** Vehicles with random values, cheap to make: they report once a step. */
export function createStepsTracks({ vehicles, ...options }: StepsOptions): readonly Track[] {
  const settings = { stepMs: 10_000, samplesPerReport: 1, ...options };
  return Array.from({ length: vehicles }, (_, at) => createStepsTrack(at, settings));
}

function createStepsTrack(
  at: number,
  { seed, startMs, stepMs, samplesPerReport }: Omit<Required<StepsOptions>, 'vehicles'>,
): Track {
  const vehicleId = `fleet-${String(at).padStart(4, '0')}`;
  const random = createRandom(seedOf(seed, at));
  const location = () => drawLocation(random);
  let count = 0;

  function sample(part: number, select: SelectSignals): Sample {
    const observedAtMs = startMs + count * stepMs + Math.floor((part * stepMs) / samplesPerReport);
    const readings = drawReadings(random, count + part / samplesPerReport);
    return { observedAtMs, signals: signalsToWire(select(readings, location, random)) };
  }

  return {
    vehicleId,
    random,
    nextSentMs: () =>
      startMs + (count + 1) * stepMs + Math.floor(((samplesPerReport - 1) * stepMs) / samplesPerReport),
    next(select) {
      count += 1;
      const samples: Sample[] = [];
      for (let part = 0; part < samplesPerReport; part += 1) samples.push(sample(part, select));
      return { report: { vehicleId, reportId: `${vehicleId}#${count}`, samples }, hasSensorFault: false };
    },
  };
}

/** The odometer is the number of the report, so that a later report never shows less. */
function drawReadings(random: Random, odometerKm: number): Signals {
  return {
    odometer_km: odometerKm,
    speed_kmh: Math.round(random.between(0, 130)),
    battery_level_pct: Math.round(random.between(5, 100) * 10) / 10,
    engine_running: random.chance(0.9),
  };
}

function drawLocation(random: Random): Signals {
  return {
    latitude_deg: coordinate(random, 48),
    longitude_deg: coordinate(random, 11),
    heading_deg: Math.round(random.between(0, 359)),
  };
}

const coordinate = (random: Random, degrees: number) => Math.round((degrees + random.next()) * 1e6) / 1e6;
