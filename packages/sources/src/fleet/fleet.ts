import type { VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import type { CityOptions } from './city/city-options.ts';
import { createCityTracks } from './city/city-tracks.ts';
import { type FleetReport, fleetReport } from './fleet-report.ts';
import { applyMishap, drawKind, type Mishaps, SELECT_SIGNALS } from './mishaps.ts';
import { createStepsTracks, type StepsOptions } from './steps-tracks.ts';
import type { Track } from './track.ts';

/**
 * The movement is `city` for lifelike vehicles on the streets of a made-up city, or `steps` for random values that are
 * cheap to make. Ids are `sim-001` and up, or `fleet-0000` and up.
 */
export type FleetOptions = (Omit<StepsOptions, 'startMs'> | Omit<CityOptions, 'startMs'>) & {
  /** When the fleet starts, by its own clocks: Unix time in milliseconds. Default: 1 May 2026. */
  readonly startMs?: number;
  /** Default: every report is plain, but for the broken sensors of the city's vehicles. */
  readonly mishaps?: Mishaps;
};

/** Vehicles without a clock. A report depends on the options and its number among those of its vehicle, and on nothing else. */
export interface Fleet {
  readonly vehicleIds: readonly string[];
  /** The next report of a vehicle, by its index in `vehicleIds`. */
  next(vehicle: number): FleetReport;
  /** The reports that are sent up to a time (Unix, milliseconds) and were not returned before, in the order of sending. */
  advance(toMs: number): readonly FleetReport[];
}

const START_MS = Date.UTC(2026, 4, 1, 6);

export function createFleet({ startMs = START_MS, mishaps = {}, ...options }: FleetOptions): Fleet {
  const tracks =
    options.movement === 'city'
      ? createCityTracks({ ...options, startMs })
      : createStepsTracks({ ...options, startMs });
  const vehicles = tracks.map((track) => createVehicle(track, startMs, mishaps));
  return {
    vehicleIds: tracks.map(({ vehicleId }) => vehicleId),
    next: (vehicle) => (vehicles[vehicle] as Vehicle).next(),
    advance: (toMs) =>
      vehicles
        .flatMap((vehicle) => vehicle.sentUntil(toMs))
        .sort(bySentTime)
        .map(({ sent }) => sent),
  };
}

interface Vehicle {
  next(): FleetReport;
  sentUntil(toMs: number): SentReport[];
}

interface SentReport {
  readonly sentMs: number;
  readonly sent: FleetReport;
}

function createVehicle(track: Track, startMs: number, mishaps: Mishaps): Vehicle {
  let before: VehicleReport | undefined;
  /** The conflicting reports under the key of `before`, by their identities. */
  const conflicting = new Set<string>();

  function next(): FleetReport {
    const kind = before ? drawKind(track.random, mishaps) : 'plain';
    const { report, hasSensorFault } = track.next(SELECT_SIGNALS[kind]);
    const sent = fleetReport(kind, applyMishap(kind, report, before, startMs));
    if (kind === 'conflicting') return isNew(sent) ? sent : fleetReport('plain', report);
    if (kind !== 'plain') return sent;
    before = report;
    conflicting.clear();
    return hasSensorFault ? fleetReport('partly-believable', report) : sent;
  }

  /** A vehicle that stands may have the same content twice, which is a duplicate and not a conflict. */
  function isNew({ identity }: FleetReport): boolean {
    const isFirst = !conflicting.has(identity);
    conflicting.add(identity);
    return isFirst;
  }

  return {
    next,
    sentUntil(toMs) {
      const reports: SentReport[] = [];
      for (let sentMs = track.nextSentMs(); sentMs <= toMs; sentMs = track.nextSentMs()) {
        reports.push({ sentMs, sent: next() });
      }
      return reports;
    },
  };
}

function bySentTime(a: SentReport, b: SentReport): number {
  return a.sentMs - b.sentMs || (a.sent.report.reportId < b.sent.report.reportId ? -1 : 1);
}
