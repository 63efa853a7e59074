import type { SampleKey } from '../samples/recorded-sample.ts';
import type { Reading } from '../signal-merge.ts';

/** The latest that is known of a signal, and the sample that said it. */
export interface LatestReading extends Reading, SampleKey {}

/** A VIN, and the newest sample of the report that gave it. */
export interface GivenVin extends SampleKey {
  readonly value: string;
}

/** The latest that is known of one vehicle, while it is folded. */
export interface StatusSlice {
  /** By the name of the signal. */
  readonly latest: Map<string, LatestReading>;
  vin: GivenVin | undefined;
  /** Unix time in milliseconds, our clock; undefined: the vehicle has not been heard of. */
  lastReceivedAtMs: number | undefined;
  /** Whether the vehicle told of more signals than there is room for. */
  hasMoreSignals: boolean;
}

/** The latest that is known of one vehicle. */
export interface VehicleStatus {
  readonly fleet: string;
  /** Empty until someone says. */
  readonly model: string;
  readonly vin?: string;
  readonly isVinCheckDigitRight?: boolean;
  /** By the name of the signal, in UTF-16 order of the names. */
  readonly latest: ReadonlyMap<string, LatestReading>;
  /** The newest observed time of the signals: Unix time in milliseconds, the vehicle's clock; absent without signals. */
  readonly lastObservedAtMs?: number;
  /** When the vehicle was last heard of, whatever it said: Unix time in milliseconds, our clock. */
  readonly lastReceivedAtMs: number;
  /** Whether the vehicle told of more signals than there is room for; the first by name are kept. */
  readonly hasMoreSignals: boolean;
}
