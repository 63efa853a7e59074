import type { VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import type { Random } from '@odograph/kernel/random';
import type { Signals } from '@odograph/kernel/signal';

/** The reports of one vehicle, in the order in which it sends them. */
export interface Track {
  readonly vehicleId: string;
  /** Decides the mishaps of this vehicle. */
  readonly random: Random;
  /** When the next report is sent: Unix time in milliseconds. */
  nextSentMs(): number;
  next(select: SelectSignals): TrackedReport;
}

export interface TrackedReport {
  readonly report: VehicleReport;
  /** A sensor gave a value that is not believable. */
  readonly hasSensorFault: boolean;
}

/** Chooses the signals of a sample. A track draws the location only if it is asked for. */
export type SelectSignals = (readings: Signals, location: () => Signals, random: Random) => Signals;
