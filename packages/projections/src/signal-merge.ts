import { KNOWN_SIGNALS, type Signals, type SignalValue } from '@odograph/kernel/signal';

/**
 * What one sample reports for one signal. A latitude and a longitude of the same sample are a fix: each reading has the
 * other coordinate too, so that both are replaced together or not at all.
 */
export interface Reading {
  readonly value: SignalValue;
  /** The other coordinate of the fix; undefined for other signals, and for one coordinate without the other. */
  readonly beside?: SignalValue | undefined;
}

const LATITUDE = 'latitude_deg';
const LONGITUDE = 'longitude_deg';

/**
 * Marks a stored sample whose latitude and longitude are not a fix, because they came from two conflicting reports.
 * A later fix replaces both. No signal can have this name, and queries do not return the mark.
 */
export const SPLIT_FIX = 'split_fix';

/**
 * The maximum number of signals without a known field in a sample and in a status. VSS has about 1,000 names.
 * With the longest names and texts, a status has 2.3 MB: gRPC clients take 4 MiB.
 */
export const MAX_OTHER_SIGNALS = 2048;

const KIND_ORDER = { boolean: 0, number: 1, string: 2 };

/**
 * A total order of values: booleans, then numbers, then texts; shorter texts first, then in UTF-16 order.
 * Texts are ordered by length first, so that a merge, which keeps the greater value, never makes a sample smaller.
 */
export function compareValues(a: SignalValue, b: SignalValue): number {
  const byKind =
    KIND_ORDER[typeof a as keyof typeof KIND_ORDER] - KIND_ORDER[typeof b as keyof typeof KIND_ORDER];
  if (byKind !== 0) return byKind;
  if (typeof a === 'string' && typeof b === 'string' && a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The reading of a signal that the sample has. */
export function readingOf(signals: Signals, name: string): Reading {
  const value = signals[name] as SignalValue;
  if (name === LATITUDE && isFix(signals)) return { value, beside: signals[LONGITUDE] };
  if (name === LONGITUDE && isFix(signals)) return { value, beside: signals[LATITUDE] };
  return { value };
}

/** Orders readings of one signal: readings without the other coordinate first; fixes by latitude, then longitude. */
export function compareReadings(name: string, a: Reading, b: Reading): number {
  if (a.beside === undefined || b.beside === undefined) {
    if (a.beside !== b.beside) return a.beside === undefined ? -1 : 1;
    return compareValues(a.value, b.value);
  }
  const byValue = compareValues(a.value, b.value);
  const byBeside = compareValues(a.beside, b.beside);
  return name === LATITUDE ? byValue || byBeside : byBeside || byValue;
}

/** Merges two samples with the same key: each signal gets the greater reading, so the order of arrival does not matter. */
export function mergeSignals(a: Signals, b: Signals): Signals {
  const merged: Record<string, SignalValue> = { ...a };
  for (const name of Object.keys(b)) {
    const reading = readingOf(b, name);
    if (!Object.hasOwn(a, name) || compareReadings(name, reading, readingOf(a, name)) > 0) {
      merged[name] = reading.value;
    }
  }
  delete merged[SPLIT_FIX];
  if (hasBothCoordinates(merged) && !isFix(a) && !isFix(b)) merged[SPLIT_FIX] = true;
  return capSignals(merged);
}

/** The signals without the internal mark. */
export function withoutMark(signals: Signals): Signals {
  if (signals[SPLIT_FIX] === undefined) return signals;
  const { [SPLIT_FIX]: _, ...rest } = signals;
  return rest;
}

/** The names to read from a block for these signals: a coordinate also needs the other one and the mark. */
export function namesToRead(names: readonly string[]): ReadonlySet<string> {
  const hasCoordinate = names.includes(LATITUDE) || names.includes(LONGITUDE);
  return new Set(hasCoordinate ? [...names, LATITUDE, LONGITUDE, SPLIT_FIX] : names);
}

/** The signals that have one of these names. */
export function pickSignals(signals: Signals, names: readonly string[]): Signals {
  const picked: Record<string, SignalValue> = {};
  for (const name of names) {
    const value = signals[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}

/** Keeps at most {@link MAX_OTHER_SIGNALS} of the other signals, the first by name, so the order of arrival does not matter. */
export function capSignals(signals: Signals): Signals {
  const names = Object.keys(signals);
  if (names.length <= MAX_OTHER_SIGNALS) return signals;
  const dropped = new Set(namesOverCap(names));
  return Object.fromEntries(Object.entries(signals).filter(([name]) => !dropped.has(name)));
}

/** The names over the limit. Known signals do not count. */
export function namesOverCap(names: readonly string[]): readonly string[] {
  const others = names.filter((name) => !Object.hasOwn(KNOWN_SIGNALS, name) && name !== SPLIT_FIX);
  return others.sort().slice(MAX_OTHER_SIGNALS);
}

function isFix(signals: Signals): boolean {
  return hasBothCoordinates(signals) && signals[SPLIT_FIX] === undefined;
}

function hasBothCoordinates(signals: Signals): boolean {
  return signals[LATITUDE] !== undefined && signals[LONGITUDE] !== undefined;
}
