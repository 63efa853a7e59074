import type { UnitSystem } from './registration.ts';
import type { SignalValue } from './signal.ts';

/** A value of a signal, and when it was observed: Unix time in milliseconds, the vehicle's clock. */
export interface SignalReading {
  readonly value: SignalValue;
  readonly observedAtMs: number;
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
  readonly latest: ReadonlyMap<string, SignalReading>;
  /** The newest observed time of the signals: Unix time in milliseconds, the vehicle's clock; absent without signals. */
  readonly lastObservedAtMs?: number;
  /** When its last report was received, also a quarantined one: Unix time in milliseconds, our clock; absent if it never reported. */
  readonly lastReceivedAtMs?: number;
  /** Whether the vehicle has too many signals. The first by name are kept. */
  readonly hasMoreSignals: boolean;
}
