import { contentHash } from '@odograph/contracts/canonical';
import { type Sample, VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import { signalsToWire } from '@odograph/contracts/signals';
import { createRandom, type Random, seedOf } from '@odograph/kernel/random';
import type { Signals } from '@odograph/kernel/signal';

/** What is to become of a report. */
export type ReportKind =
  /** Accepted. */
  | 'plain'
  /** Accepted, and observed long before what the vehicle said last. */
  | 'late'
  /** Accepted but for a signal that nobody can believe. */
  | 'partly-believable'
  /** Quarantined: nothing of it can be believed. */
  | 'unbelievable'
  /** Accepted under the key of the report before, with other content. */
  | 'conflicting'
  /** Rejected. */
  | 'unreadable';

/** A report of the fleet, as it is sent and as it must be found again. */
export interface FleetReport {
  readonly kind: ReportKind;
  readonly vehicleId: string;
  readonly report: VehicleReport;
  readonly bytes: Uint8Array;
  /** Tells it from every other, also from one under the same key: see {@link reportIdentity}. */
  readonly identity: string;
}

export interface FleetOptions {
  readonly seed: number;
  readonly vehicles: number;
  /** Default: 1. */
  readonly samplesPerReport?: number;
  /** How likely a report is of another kind than plain. Default: every one is plain. */
  readonly odds?: Readonly<Partial<Record<Exclude<ReportKind, 'plain'>, number>>>;
  /** When the fleet sets out, by its own clocks: Unix time in milliseconds. */
  readonly startMs?: number;
  /** From one report of a vehicle to its next, by its clock, in milliseconds. */
  readonly stepMs?: number;
}

/** Vehicles that report the same whenever and however often they are asked: a report depends on seed, vehicle and number only. */
export interface Fleet {
  readonly vehicleIds: readonly string[];
  /** The next report of a vehicle. */
  next(vehicle: number): FleetReport;
}

const DEFAULTS = { samplesPerReport: 1, odds: {}, startMs: Date.UTC(2026, 4, 1, 6), stepMs: 10_000 };

/** The kind of a report is known before it is sent, so that whoever finds something else in the log knows it is wrong. */
export function createFleet(options: FleetOptions): Fleet {
  const settings = { ...DEFAULTS, ...options };
  const vehicles = Array.from({ length: options.vehicles }, (_, at) => createVehicle(at, settings));
  return {
    vehicleIds: vehicles.map(({ id }) => id),
    next: (vehicle) => (vehicles[vehicle] as Vehicle).next(),
  };
}

/** The same for a report and for the event that it became: vehicle, report id and content. */
export function reportIdentity(vehicleId: string, reportId: string, hash: Uint8Array): string {
  return `${vehicleId} ${reportId} ${Buffer.from(hash).toString('hex')}`;
}

/** The identity is made when somebody asks for it: a hash costs more than all else of a report. */
function fleetReport(kind: ReportKind, report: VehicleReport): FleetReport {
  const { vehicleId, reportId } = report;
  let identity: string | undefined;
  return {
    kind,
    vehicleId,
    report,
    bytes: VehicleReport.encode(report).finish(),
    get identity() {
      identity ??= reportIdentity(vehicleId, reportId, contentHash(report));
      return identity;
    },
  };
}

interface Vehicle {
  readonly id: string;
  next(): FleetReport;
}

function createVehicle(at: number, settings: Required<FleetOptions>): Vehicle {
  const id = `fleet-${String(at).padStart(4, '0')}`;
  const random = createRandom(seedOf(settings.seed, at));
  let count = 0;
  let before: VehicleReport | undefined;

  return {
    id,
    next() {
      count += 1;
      const kind = before ? drawKind(random, settings.odds) : 'plain';
      const made = reportOf(kind, { id, count, random, settings });
      const report =
        kind === 'conflicting' && before
          ? { ...made, reportId: before.reportId, samples: sameTimes(made, before) }
          : made;
      if (kind === 'plain') before = report;
      return fleetReport(kind, report);
    },
  };
}

function drawKind(random: Random, odds: NonNullable<FleetOptions['odds']>): ReportKind {
  let left = random.next();
  for (const [kind, odd] of Object.entries(odds) as [ReportKind, number][]) {
    if (left < odd) return kind;
    left -= odd;
  }
  return 'plain';
}

interface Making {
  readonly id: string;
  readonly count: number;
  readonly random: Random;
  readonly settings: Required<FleetOptions>;
}

function reportOf(kind: ReportKind, { id, count, random, settings }: Making): VehicleReport {
  const { samplesPerReport, startMs, stepMs } = settings;
  // Late ones go backwards from the start, so that each has a time of its own.
  const atMs = startMs + (kind === 'late' ? -count : count) * stepMs;
  const samples = Array.from({ length: samplesPerReport }, (_, part): Sample => {
    const observedAtMs = atMs + Math.floor((part * stepMs) / samplesPerReport);
    return { observedAtMs, signals: signalsToWire(signalsOf(kind, count + part / samplesPerReport, random)) };
  });
  const reportId = kind === 'unreadable' ? `${id}#${count} has spaces` : `${id}#${count}`;
  return { vehicleId: id, reportId, samples };
}

/** The odometer is the report's number: what was said later never shows less. */
function signalsOf(kind: ReportKind, odometerKm: number, random: Random): Signals {
  const signals = {
    odometer_km: odometerKm,
    speed_kmh: Math.round(random.between(0, 130)),
    battery_level_pct: Math.round(random.between(5, 100) * 10) / 10,
    engine_running: random.chance(0.9),
  };
  if (kind === 'conflicting') return signals;
  if (kind === 'unbelievable') return { latitude_deg: 91, longitude_deg: random.between(-180, 180) };
  const position = { latitude_deg: coordinate(random, 48), longitude_deg: coordinate(random, 11) };
  const heading_deg = Math.round(random.between(0, 359));
  const believable = { ...signals, ...position, heading_deg };
  return kind === 'partly-believable' ? { ...believable, speed_kmh: 4_000 } : believable;
}

const coordinate = (random: Random, degrees: number) => Math.round((degrees + random.next()) * 1e6) / 1e6;

/** Another content at the times of an earlier report. */
function sameTimes({ samples }: VehicleReport, { samples: earlier }: VehicleReport): Sample[] {
  return samples.map((sample, at) => ({
    ...sample,
    observedAtMs: earlier[at]?.observedAtMs ?? sample.observedAtMs,
  }));
}
