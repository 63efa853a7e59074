import { Fault } from '@odograph/kernel/fault';
import { KNOWN_SIGNALS, type Sample, type Signals, type SignalValue } from '@odograph/kernel/signal';
import { reportIn, type VehicleEvent } from '@odograph/kernel/vehicle-event';
import { capSignals } from './signal-merge.ts';

/** The key of a sample among all samples of its vehicle. Two samples with the same key are the same sample. */
export interface SampleKey {
  /** Unix time in milliseconds, by the vehicle's clock. */
  readonly observedAtMs: number;
  /** The id of its report. */
  readonly reportId: string;
}

/** A sample as history stores it. */
export interface RecordedSample extends SampleKey {
  readonly signals: Signals;
}

/** The last millisecond of the year 9999, the largest year that ISO 8601 writes with four digits. */
export const LATEST_OBSERVED_AT_MS = 253_402_300_799_999;

const KIND_OF_KNOWN: ReadonlyMap<string, 'number' | 'boolean'> = new Map(
  Object.entries(KNOWN_SIGNALS).map(([name, { kind }]) => [name, kind]),
);

/** Orders by observed time, then by report id in UTF-16 order, never by arrival. */
export function compareSampleKeys(a: SampleKey, b: SampleKey): number {
  if (a.observedAtMs !== b.observedAtMs) return a.observedAtMs - b.observedAtMs;
  if (a.reportId === b.reportId) return 0;
  return a.reportId < b.reportId ? -1 : 1;
}

/**
 * The accepted samples of an event, in the form in which all views store them.
 * @throws {Fault} CORRUPT_LOG if a sample has an invalid time or value.
 */
export function samplesIn(event: VehicleEvent): readonly RecordedSample[] {
  const report = reportIn(event);
  if (report === undefined) return [];
  return report.samples.map((sample) => recorded(sample, report.reportId));
}

function recorded({ observedAtMs, signals }: Sample, reportId: string): RecordedSample {
  if (!Number.isSafeInteger(observedAtMs) || observedAtMs < 0 || observedAtMs > LATEST_OBSERVED_AT_MS) {
    throw new Fault('CORRUPT_LOG', `report ${reportId}: ${observedAtMs} is not a valid time of a sample`);
  }
  let hasMinusZero = false;
  for (const name in signals) {
    const value = signals[name];
    if (!isValueOf(name, value)) {
      throw new Fault(
        'CORRUPT_LOG',
        `report ${reportId}: ${JSON.stringify(value)} is not a valid value of ${name}`,
      );
    }
    hasMinusZero ||= Object.is(value, -0);
  }
  return { observedAtMs, reportId, signals: capSignals(hasMinusZero ? withPlainZeros(signals) : signals) };
}

function isValueOf(name: string, value: SignalValue | undefined): boolean {
  if (typeof value === 'number' && !Number.isFinite(value)) return false;
  const kind = KIND_OF_KNOWN.get(name);
  return kind === undefined ? value !== undefined : typeof value === kind;
}

/** Replaces -0 by 0: they compare as equal, so a merge could keep either of them. */
function withPlainZeros(signals: Signals): Signals {
  return Object.fromEntries(Object.entries(signals).map(([name, value]) => [name, value === 0 ? 0 : value]));
}
