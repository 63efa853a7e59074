import type { Projection, SliceChange } from '@odograph/kernel/projection';
import { reportIn, type VehicleEvent } from '@odograph/kernel/vehicle-event';
import { hasRightCheckDigit } from '@odograph/kernel/vin';
import { compareSampleKeys, type RecordedSample, type SampleKey, samplesIn } from '../recorded-sample.ts';
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
 * The latest known value of every signal. It depends on the set of a vehicle's reports, not on the order of arrival.
 * One slice a vehicle, one document a slice. The first report registers the vehicle, also a quarantined one.
 */
export const status: Projection<StatusSlice> = {
  name: 'status',
  version: 1,
  read: (event) => (isFromVehicle(event) ? changeOf(event) : NO_CHANGE),
  initial: () => ({ latest: new Map(), vin: undefined, lastReceivedAtMs: undefined, hasMoreSignals: false }),
  toDocuments(slice) {
    const known = statusOf(slice);
    return known === undefined ? [] : [toStatusDocument(known, slice.vin)];
  },
  fromDocuments: (subject, key, [document]) =>
    document === undefined ? status.initial(subject, key) : fromStatusDocument(document),
};

/** What a slice says about its vehicle; undefined before the vehicle's first report. */
export function statusOf(slice: Readonly<StatusSlice>): VehicleStatus | undefined {
  if (slice.lastReceivedAtMs === undefined) return undefined;
  const excess = excessNames(slice.latest);
  const kept = [...slice.latest].filter(([name]) => !excess.has(name));
  const latest = new Map(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
  const times = [...latest.values()].map(({ observedAtMs }) => observedAtMs);
  return {
    fleet: 'default',
    model: '',
    ...(slice.vin && { vin: slice.vin.value, isVinCheckDigitRight: hasRightCheckDigit(slice.vin.value) }),
    latest,
    ...(times.length > 0 && { lastObservedAtMs: Math.max(...times) }),
    lastReceivedAtMs: slice.lastReceivedAtMs,
    hasMoreSignals: slice.hasMoreSignals || excess.size > 0,
  };
}

function isFromVehicle({ type }: VehicleEvent): boolean {
  return type === 'TelemetryReported' || type === 'TelemetryQuarantined' || type === 'TelemetryConflicted';
}

const NO_CHANGE: SliceChange<StatusSlice> = { keys: [], applyTo: () => undefined };
const ONLY_KEY = [''];

function changeOf(event: VehicleEvent): SliceChange<StatusSlice> {
  const samples = samplesIn(event);
  const vin = reportIn(event)?.vin;
  const { receivedAtMs } = event;
  return {
    keys: ONLY_KEY,
    applyTo(slice) {
      for (const sample of samples) {
        updateLatest(slice.latest, sample);
        if (vin !== undefined) slice.vin = newerVin(slice.vin, sample, vin);
      }
      slice.lastReceivedAtMs = Math.max(slice.lastReceivedAtMs ?? receivedAtMs, receivedAtMs);
      if (slice.latest.size > 2 * MAX_OTHER_SIGNALS) dropExcess(slice);
    },
  };
}

function updateLatest(latest: Map<string, LatestReading>, sample: RecordedSample): void {
  const { observedAtMs, reportId, signals } = sample;
  for (const name of Object.keys(signals)) {
    const { value, beside } = readingOf(signals, name);
    const held = latest.get(name);
    const came = { value, beside, observedAtMs, reportId };
    if (held === undefined || isNewer(name, came, held)) latest.set(name, came);
  }
}

/** The newest is by (observed time, report id). Of two readings with the same key, the greater one wins. */
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

const NONE: ReadonlySet<string> = new Set();

/** The names over the limit, which are the last by name: so the time of dropping them does not change the result. */
function excessNames(latest: ReadonlyMap<string, LatestReading>): ReadonlySet<string> {
  return latest.size <= MAX_OTHER_SIGNALS ? NONE : new Set(namesOverCap([...latest.keys()]));
}

/** Bounds the memory of a slice. It may hold up to twice the limit, so that sorting the names is rare. */
function dropExcess(slice: StatusSlice): void {
  for (const name of excessNames(slice.latest)) {
    slice.latest.delete(name);
    slice.hasMoreSignals = true;
  }
}
