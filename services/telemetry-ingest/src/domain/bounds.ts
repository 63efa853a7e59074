import { KNOWN_SIGNALS, type KnownSignal, type NumberSignal, type Sentinel } from '@odograph/kernel/signal';

const KNOWN = Object.entries<KnownSignal>(KNOWN_SIGNALS);
const NUMBERS = KNOWN.flatMap(([name, signal]) =>
  signal.kind === 'number' ? [[name, signal] as const] : [],
);

/** The bounds of each known number, by name; both bounds are believed. */
export const RANGES: Readonly<Record<string, NumberSignal>> = Object.fromEntries(NUMBERS);

/** Values within the bounds that are not measurements, by name. */
export const SENTINELS: Readonly<Record<string, readonly Sentinel[]>> = Object.fromEntries(
  NUMBERS.flatMap(([name, { sentinels }]) => (sentinels.length > 0 ? [[name, sentinels]] : [])),
);

/** No vehicle reported telemetry before this time: an earlier time comes from a clock that was never set. */
export const EARLIEST_OBSERVED_AT_MS = Date.UTC(1990, 0, 1);
