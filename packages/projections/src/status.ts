import type { Projection, SliceChange } from '@odograph/kernel/projection';
import { DEFAULT_REGISTRATION } from '@odograph/kernel/registration';
import {
  type RegistrationEvent,
  registrationIn,
  reportIn,
  type VehicleEvent,
} from '@odograph/kernel/vehicle-event';
import { hasRightCheckDigit } from '@odograph/kernel/vin';
import { compareSampleKeys, type RecordedSample, type SampleKey, samplesIn } from './recorded-sample.ts';
import {
  compareReadings,
  compareValues,
  MAX_OTHER_SIGNALS,
  namesOverCap,
  readingOf,
} from './signal-merge.ts';
import { fromStatusDocument, toStatusDocument } from './status-document.ts';
import type { FoldedStatus, GivenVin, LatestReading, StatusSlice } from './status-slice.ts';

/**
 * The latest known value of every signal, and the newest registration. It depends on the set of a vehicle's reports and
 * decisions, not on the order of arrival: decisions are ordered by their version. One slice a vehicle, one document a
 * slice. The first report makes the vehicle known, also a quarantined one, and so does a decision.
 */
export const status: Projection<StatusSlice> = {
  name: 'status',
  version: 3,
  read(event) {
    if (isFromVehicle(event)) return changeOf(event);
    const decision = registrationIn(event);
    return decision ? { keys: ONLY_KEY, applyTo: (slice) => decide(slice, decision) } : NO_CHANGE;
  },
  initial: () => ({
    ...{ latest: new Map(), vin: undefined, registration: undefined, retiredAtVersion: 0 },
    ...{ lastReceivedAtMs: undefined, hasMoreSignals: false },
  }),
  copy: (slice) => ({ ...slice, latest: new Map(slice.latest) }),
  toDocuments(slice) {
    const known = statusOf(slice);
    return known === undefined ? [] : [toStatusDocument(known, slice)];
  },
  fromDocuments: (subject, key, [document]) =>
    document === undefined ? status.initial(subject, key) : fromStatusDocument(document),
};

/** What a slice says about its vehicle; undefined before the vehicle's first report or decision. */
export function statusOf(slice: Readonly<StatusSlice>): FoldedStatus | undefined {
  const { lastReceivedAtMs, registration, retiredAtVersion } = slice;
  const registrationVersion = Math.max(registration?.version ?? 0, retiredAtVersion);
  if (lastReceivedAtMs === undefined && registrationVersion === 0) return undefined;
  const excess = excessNames(slice.latest);
  const kept = [...slice.latest].filter(([name]) => !excess.has(name));
  const latest = new Map(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
  const times = [...latest.values()].map(({ observedAtMs }) => observedAtMs);
  const { vin: registeredVin, ...registered } = registration?.value ?? DEFAULT_REGISTRATION;
  const vin = registeredVin || slice.vin?.value;
  return {
    ...registered,
    ...{ isRetired: retiredAtVersion > (registration?.version ?? 0), registeredVin, registrationVersion },
    ...(vin && { vin, isVinCheckDigitRight: hasRightCheckDigit(vin) }),
    latest,
    ...(times.length > 0 && { lastObservedAtMs: Math.max(...times) }),
    ...(lastReceivedAtMs !== undefined && { lastReceivedAtMs }),
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

/** Of two decisions the greater version counts, whatever their order. */
function decide(slice: StatusSlice, event: RegistrationEvent): void {
  const { aggregateVersion: version } = event;
  if (event.type === 'VehicleRetired') slice.retiredAtVersion = Math.max(slice.retiredAtVersion, version);
  else if (version > (slice.registration?.version ?? 0)) {
    slice.registration = { value: event.registration, version };
  }
}

function updateLatest(latest: Map<string, LatestReading>, sample: RecordedSample): void {
  const { observedAtMs, reportId, signals } = sample;
  for (const name of Object.keys(signals)) {
    const { value, beside } = readingOf(signals, name);
    const held = latest.get(name);
    const came = { value, beside, observedAtMs, reportId };
    if (held === undefined || isNewerReading(name, came, held)) latest.set(name, came);
  }
}

/** The newest is by (observed time, report id). Of two readings with the same key, the greater one wins. */
export function isNewerReading(name: string, came: LatestReading, held: LatestReading): boolean {
  return (compareSampleKeys(came, held) || compareReadings(name, came, held)) > 0;
}

export function isNewerVin(came: GivenVin, held: GivenVin): boolean {
  return (compareSampleKeys(came, held) || compareValues(came.value, held.value)) > 0;
}

function newerVin(
  held: GivenVin | undefined,
  { observedAtMs, reportId }: SampleKey,
  value: string,
): GivenVin {
  const came = { value, observedAtMs, reportId };
  return held === undefined || isNewerVin(came, held) ? came : held;
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
