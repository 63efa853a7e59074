import type { Signals, SignalValue } from '@odograph/kernel/signal';

/** A report as it came: its bytes could be decoded, nothing else is known of it. */
export interface IncomingReport {
  readonly vehicleId: string;
  readonly reportId: string;
  readonly vin?: string | undefined;
  readonly samples: readonly IncomingSample[];
}

export interface IncomingSample {
  /** Unix time in milliseconds, by the vehicle's clock; 0: the clock could not be read. */
  readonly observedAtMs: number;
  /** What the clock said where that is no time. */
  readonly clockText?: string | undefined;
  /** The signals that have a field of their own, by its name. */
  readonly known: Signals;
  /** Any others, by the name they came under; without a value where none was set. */
  readonly others: readonly OtherSignal[];
}

export interface OtherSignal {
  readonly path: string;
  readonly value: SignalValue | undefined;
}

/** A report that can be read: names, texts and numbers have the form they must have. Whether it can be believed is another question. */
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

/** What a report may hold, and how far ahead of ours a vehicle's clock may run. */
export interface ReportLimits {
  readonly maxSamples: number;
  readonly futureToleranceMs: number;
}
