import type { Projection } from '@odograph/kernel/projection';
import { reportIn, type VehicleEvent } from '@odograph/kernel/vehicle-event';
import { hasRightCheckDigit } from '@odograph/kernel/vin';
import {
  compareSampleKeys,
  type RecordedSample,
  type SampleKey,
  samplesIn,
} from '../samples/recorded-sample.ts';
import {
  compareReadings,
  compareValues,
  MAX_OTHER_SIGNALS,
  namesOverCap,
  readingOf,
} from '../signal-merge.ts';
import { fromStatusDocument, toStatusDocument } from './status-document.ts';
import type { GivenVin, LatestReading, StatusSlice, VehicleStatus } from './status-slice.ts';

/**
 * The latest known value of every signal: a function of the set of a vehicle's reports, in whatever order they came.
 * One slice a vehicle, one document a slice. Any first report registers the vehicle, believable or not.
 */
export const status: Projection<StatusSlice> = {
  name: 'status',
  version: 1,
  keysOf: (event) => (isFromVehicle(event) ? [''] : []),
  initial: () => ({ latest: new Map(), vin: undefined, lastReceivedAtMs: undefined, hasMoreSignals: false }),
  apply,
  toDocuments(slice) {
    const known = statusOf(slice);
    return known === undefined ? [] : [toStatusDocument(known, slice.vin)];
  },
  fromDocuments: (subject, key, [document]) =>
    document === undefined ? status.initial(subject, key) : fromStatusDocument(document),
};

/** What a slice says of its vehicle; undefined where it has never been heard of. */
export function statusOf(slice: StatusSlice): VehicleStatus | undefined {
  if (slice.lastReceivedAtMs === undefined) return undefined;
  makeRoom(slice);
  const latest = new Map([...slice.latest].sort(([a], [b]) => (a < b ? -1 : 1)));
  const times = [...latest.values()].map(({ observedAtMs }) => observedAtMs);
  return {
    fleet: 'default',
    model: '',
    ...(slice.vin && { vin: slice.vin.value, isVinCheckDigitRight: hasRightCheckDigit(slice.vin.value) }),
    latest,
    ...(times.length > 0 && { lastObservedAtMs: Math.max(...times) }),
    lastReceivedAtMs: slice.lastReceivedAtMs,
    hasMoreSignals: slice.hasMoreSignals,
  };
}

function isFromVehicle({ type }: VehicleEvent): boolean {
  return type === 'TelemetryReported' || type === 'TelemetryQuarantined' || type === 'TelemetryConflicted';
}

function apply(slice: StatusSlice, event: VehicleEvent): StatusSlice {
  const samples = samplesIn(event);
  const vin = reportIn(event)?.vin;
  for (const sample of samples) {
    takeSignals(slice.latest, sample);
    if (vin !== undefined) slice.vin = newerVin(slice.vin, sample, vin);
  }
  slice.lastReceivedAtMs = Math.max(slice.lastReceivedAtMs ?? event.receivedAtMs, event.receivedAtMs);
  if (slice.latest.size > 2 * MAX_OTHER_SIGNALS) makeRoom(slice);
  return slice;
}

function takeSignals(latest: Map<string, LatestReading>, sample: RecordedSample): void {
  const { observedAtMs, reportId, signals } = sample;
  for (const name of Object.keys(signals)) {
    const { value, beside } = readingOf(signals, name);
    const held = latest.get(name);
    const came = { value, beside, observedAtMs, reportId };
    if (held === undefined || isNewer(name, came, held)) latest.set(name, came);
  }
}

/** Newest is by (observed time, report id); between two contents under one key, the greater reading stands. */
function isNewer(name: string, came: LatestReading, held: LatestReading): boolean {
  return (compareSampleKeys(came, held) || compareReadings(name, came, held)) > 0;
}

function newerVin(
  held: GivenVin | undefined,
  { observedAtMs, reportId }: SampleKey,
  value: string,
): GivenVin {
  const came = { value, observedAtMs, reportId };
  return held === undefined || (compareSampleKeys(came, held) || compareValues(value, held.value)) > 0
    ? came
    : held;
}

/** Drops what there is no room for: those last by name, so that it does not matter when. */
function makeRoom(slice: StatusSlice): void {
  if (slice.latest.size <= MAX_OTHER_SIGNALS) return;
  for (const name of namesOverCap([...slice.latest.keys()])) {
    slice.latest.delete(name);
    slice.hasMoreSignals = true;
  }
}
