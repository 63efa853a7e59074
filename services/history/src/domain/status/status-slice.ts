import type { SampleKey } from '../recorded-sample.ts';
import type { Reading } from '../signal-merge.ts';

/** The latest reading of a signal, and the key of its sample. */
export interface LatestReading extends Reading, SampleKey {}

/** A VIN, and the key of the newest sample of its report. */
export interface GivenVin extends SampleKey {
  readonly value: string;
}

/** The status of one vehicle during a fold, which changes it in place. */
export interface StatusSlice {
  /** By the name of the signal. */
  readonly latest: Map<string, LatestReading>;
  vin: GivenVin | undefined;
  /** Unix time in milliseconds, our clock; undefined before the first report. */
  lastReceivedAtMs: number | undefined;
  /** Whether signals were dropped because the vehicle has too many. */
  hasMoreSignals: boolean;
}

/** The latest known values of one vehicle. */
export interface VehicleStatus {
  readonly fleet: string;
  /** Empty until a registration sets it. */
  readonly model: string;
  readonly vin?: string;
  readonly isVinCheckDigitRight?: boolean;
  /** By the name of the signal, in UTF-16 order of the names. */
  readonly latest: ReadonlyMap<string, LatestReading>;
  /** The newest observed time of the signals: Unix time in milliseconds, the vehicle's clock; absent without signals. */
  readonly lastObservedAtMs?: number;
  /** When its last report was received, also a quarantined one: Unix time in milliseconds, our clock. */
  readonly lastReceivedAtMs: number;
  /** Whether the vehicle has too many signals. The first by name are kept. */
  readonly hasMoreSignals: boolean;
}
