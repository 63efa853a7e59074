import type { Registration } from '@odograph/kernel/registration';
import type { VehicleStatus } from '@odograph/kernel/vehicle-status';
import type { SampleKey } from './recorded-sample.ts';
import type { Reading } from './signal-merge.ts';

/** The latest reading of a signal, and the key of its sample. */
export interface LatestReading extends Reading, SampleKey {}

/** A VIN, and the key of the newest sample of its report. */
export interface GivenVin extends SampleKey {
  readonly value: string;
}

/** A registration, and the version of the decision that made it. */
export interface MadeRegistration {
  readonly value: Registration;
  readonly version: number;
}

/** The status of one vehicle during a fold, which changes it in place. */
export interface StatusSlice {
  /** By the name of the signal. */
  readonly latest: Map<string, LatestReading>;
  /** The newest VIN in a report. */
  vin: GivenVin | undefined;
  /** The newest registration; undefined before the first one. */
  registration: MadeRegistration | undefined;
  /** The version of the newest decision that retired the vehicle; 0: none. */
  retiredAtVersion: number;
  /** Unix time in milliseconds, our clock; undefined before the first report. */
  lastReceivedAtMs: number | undefined;
  /** Whether signals were dropped because the vehicle has too many. */
  hasMoreSignals: boolean;
}

/** What is known of a vehicle, with the keys of the samples that it is from. */
export interface FoldedStatus extends VehicleStatus {
  /** In UTF-16 order of the names. */
  readonly latest: ReadonlyMap<string, LatestReading>;
}
