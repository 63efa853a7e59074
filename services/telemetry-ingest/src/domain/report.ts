import type { Signals, SignalValue } from '@odograph/kernel/signal';

/** A decoded report that is not checked yet. */
export interface IncomingReport {
  readonly vehicleId: string;
  readonly reportId: string;
  readonly vin?: string | undefined;
  readonly samples: readonly IncomingSample[];
}

export interface IncomingSample {
  /** Unix time in milliseconds, by the vehicle's clock; 0 if the clock could not be read. */
  readonly observedAtMs: number;
  /** What the clock showed if that is not a time. */
  readonly clockText?: string | undefined;
  /** The signals that have their own field, by its name. */
  readonly known: Signals;
  /** All other signals, by their path; the value is undefined if none was set. */
  readonly others: readonly OtherSignal[];
}

export interface OtherSignal {
  readonly path: string;
  readonly value: SignalValue | undefined;
}

/** A report whose names, texts and numbers have the right form. Its values may still be wrong. */
export interface ReadableReport {
  readonly vehicleId: string;
  readonly reportId: string;
  readonly vin?: string | undefined;
  readonly samples: readonly ReadableSample[];
}

export interface ReadableSample {
  readonly observedAtMs: number;
  readonly clockText?: string | undefined;
  readonly signals: Signals;
}

/** How many samples a report may have, and how far ahead of ours a vehicle's clock may be. */
export interface ReportLimits {
  readonly maxSamples: number;
  readonly futureToleranceMs: number;
}
