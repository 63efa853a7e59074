import type { Registration, UnitSystem } from '@odograph/kernel/registration';
import type { SampleKey } from '../recorded-sample.ts';
import type { Reading } from '../signal-merge.ts';

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

/** The latest known values of one vehicle. */
export interface VehicleStatus {
  readonly fleet: string;
  /** Empty until a registration sets it, as the display name is. */
  readonly model: string;
  readonly displayName: string;
  readonly tags: readonly string[];
  readonly capabilities: readonly string[];
  readonly units: UnitSystem;
  readonly isRetired: boolean;
  /** The VIN of the registration, without which `vin` is that of a report; empty: none. */
  readonly registeredVin: string;
  /** The number of decisions about the vehicle; 0: it has only reported. */
  readonly registrationVersion: number;
  readonly vin?: string;
  readonly isVinCheckDigitRight?: boolean;
  /** By the name of the signal, in UTF-16 order of the names. */
  readonly latest: ReadonlyMap<string, LatestReading>;
  /** The newest observed time of the signals: Unix time in milliseconds, the vehicle's clock; absent without signals. */
  readonly lastObservedAtMs?: number;
  /** When its last report was received, also a quarantined one: Unix time in milliseconds, our clock; absent if it never reported. */
  readonly lastReceivedAtMs?: number;
  /** Whether the vehicle has too many signals. The first by name are kept. */
  readonly hasMoreSignals: boolean;
}
