import { KNOWN_SIGNALS, type Signals, type SignalValue } from '@odograph/kernel/signal';

/**
 * What one sample says of one signal. A latitude and a longitude of the same sample are one thing, a fix:
 * each knows the coordinate beside it, so that both are replaced together or not at all.
 */
export interface Reading {
  readonly value: SignalValue;
  /** The other coordinate of the fix; undefined for any other signal, and for half a fix. */
  readonly beside?: SignalValue | undefined;
}

const LATITUDE = 'latitude_deg';
const LONGITUDE = 'longitude_deg';

/**
 * Marks a stored sample whose latitude and longitude are no fix, for they came in two contents under one key.
 * A whole fix still to come would replace them both. No signal can have this name, and no reader sees the mark.
 */
export const SPLIT_FIX = 'split_fix';

/** How many signals without a field of their own are kept of a sample, and of a vehicle's status: VSS names about 1,000. */
export const MAX_OTHER_SIGNALS = 4096;

const KIND_ORDER = { boolean: 0, number: 1, string: 2 };

/**
 * A total order over values: yes or no before numbers before texts; shorter texts before longer, then in UTF-16 order.
 * Length comes first so that taking the greater value never makes a sample smaller.
 */
export function compareValues(a: SignalValue, b: SignalValue): number {
  const byKind =
    KIND_ORDER[typeof a as keyof typeof KIND_ORDER] - KIND_ORDER[typeof b as keyof typeof KIND_ORDER];
  if (byKind !== 0) return byKind;
  if (typeof a === 'string' && typeof b === 'string' && a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** What a sample says of a signal that it has. */
export function readingOf(signals: Signals, name: string): Reading {
  const value = signals[name] as SignalValue;
  if (name === LATITUDE && isFix(signals)) return { value, beside: signals[LONGITUDE] };
  if (name === LONGITUDE && isFix(signals)) return { value, beside: signals[LATITUDE] };
  return { value };
}

/** Orders readings of one signal: any half fix before a whole one; whole ones by latitude, then longitude. */
export function compareReadings(name: string, a: Reading, b: Reading): number {
  if (a.beside === undefined || b.beside === undefined) {
    if (a.beside !== b.beside) return a.beside === undefined ? -1 : 1;
    return compareValues(a.value, b.value);
  }
  const byValue = compareValues(a.value, b.value);
  const byBeside = compareValues(a.beside, b.beside);
  return name === LATITUDE ? byValue || byBeside : byBeside || byValue;
}

/** One sample out of two with the same place: of each signal the greater reading, in whatever order they came. */
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

/** The signals without the mark that only the store knows. */
export function withoutMark(signals: Signals): Signals {
  if (signals[SPLIT_FIX] === undefined) return signals;
  const { [SPLIT_FIX]: _, ...rest } = signals;
  return rest;
}

/** What must be read of samples to tell these signals: for a coordinate the other one too, and the mark. */
export function namesToRead(names: readonly string[]): ReadonlySet<string> {
  const isFixAsked = names.includes(LATITUDE) || names.includes(LONGITUDE);
  return new Set(isFixAsked ? [...names, LATITUDE, LONGITUDE, SPLIT_FIX] : names);
}

/** Those of the signals that are named; undefined where there is none. */
export function pickSignals(signals: Signals, names: readonly string[]): Signals | undefined {
  const picked: Record<string, SignalValue> = {};
  let isAny = false;
  for (const name of names) {
    const value = signals[name];
    if (value === undefined) continue;
    picked[name] = value;
    isAny = true;
  }
  return isAny ? picked : undefined;
}

/** At most {@link MAX_OTHER_SIGNALS} of the others, the first by name: the same whichever came first. */
export function capSignals(signals: Signals): Signals {
  const names = Object.keys(signals);
  if (names.length <= MAX_OTHER_SIGNALS) return signals;
  const dropped = new Set(namesOverCap(names));
  return Object.fromEntries(Object.entries(signals).filter(([name]) => !dropped.has(name)));
}

/** Those of the names that there is no room for; names with a field of their own always have room. */
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
