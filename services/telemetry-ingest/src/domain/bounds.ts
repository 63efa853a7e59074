import { KNOWN_SIGNALS, type KnownSignal, type NumberSignal, type Sentinel } from '@odograph/kernel/signal';

const KNOWN = Object.entries<KnownSignal>(KNOWN_SIGNALS);
const NUMBERS = KNOWN.flatMap(([name, signal]) =>
  signal.kind === 'number' ? [[name, signal] as const] : [],
);

/** The bounds of each known number, by name; both bounds are believed. */
export const RANGES: Readonly<Record<string, NumberSignal>> = Object.fromEntries(NUMBERS);

/** What a number means that is not a measurement although it is within the bounds; undefined if it is one. */
export function sentinelOf({ sentinels, resolution }: NumberSignal, value: number): Sentinel | undefined {
  if (sentinels.length === 0) return undefined;
  const stepSize = resolution?.size ?? 0;
  return sentinels.find((known) => Math.abs(value - known.value) <= stepSize / 2);
}

/** No vehicle reported telemetry before this time: an earlier time comes from a clock that was never set. */
export const EARLIEST_OBSERVED_AT_MS = Date.UTC(1990, 0, 1);
