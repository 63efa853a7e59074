import type { KnownSignalName, Signals, SignalValue } from '@odograph/kernel/signal';
import type { QuarantineReason } from '@odograph/kernel/vehicle-event';
import { EARLIEST_OBSERVED_AT_MS, RANGES, SENTINELS } from './bounds.ts';
import type { ReadableSample } from './report.ts';

/** A sample parted in two: each of its signals is either believed or set aside. */
export interface Judgement {
  readonly believed: Signals;
  readonly setAside: Signals;
  /** Why: one a signal in doubt, and one for the clock, which takes every signal with it. Fields are relative to the sample. */
  readonly reasons: readonly QuarantineReason[];
}

/** What the log's clock says at the door, and how far ahead of it a vehicle's clock may run. */
export interface ClockBound {
  readonly receivedAtMs: number;
  readonly futureToleranceMs: number;
}

const POSITION = ['latitude_deg', 'longitude_deg'] as const satisfies readonly KnownSignalName[];

/** Judges one sample. A bad clock sets all of it aside; a bad signal only itself, and a position goes as one. */
export function judgeSample(sample: ReadableSample, clock: ClockBound): Judgement {
  const doubts = doubtSignals(sample.signals);
  const clockReason = doubtClock(sample, clock);
  if (clockReason) {
    return { believed: {}, setAside: sample.signals, reasons: [clockReason, ...doubts.values()] };
  }
  if (doubts.size === 0) return { believed: sample.signals, setAside: {}, reasons: [] };
  const believed: Record<string, SignalValue> = {};
  const setAside: Record<string, SignalValue> = {};
  for (const [name, value] of Object.entries(sample.signals)) {
    (doubts.has(name) ? setAside : believed)[name] = value;
  }
  return { believed, setAside, reasons: [...doubts.values()] };
}

function doubtSignals(signals: Signals): ReadonlyMap<string, QuarantineReason> {
  const doubts = new Map<string, QuarantineReason>();
  for (const [name, value] of Object.entries(signals)) {
    const reason = typeof value === 'number' ? doubtNumber(name, value) : undefined;
    if (reason) doubts.set(name, reason);
  }
  doubtHalfPosition(signals, doubts);
  return doubts;
}

function doubtNumber(name: string, value: number): QuarantineReason | undefined {
  const field = `signals.${name}`;
  const sentinel = SENTINELS[name]?.find((known) => known.value === value);
  if (sentinel) return { field, reason: 'SENTINEL', description: `${value} is ${sentinel.means}` };
  const range = RANGES[name];
  if (!range || (value >= range.min && value <= range.max)) return undefined;
  const description = `${value} is outside ${range.min} to ${range.max} ${range.unit}`;
  return { field, reason: 'OUT_OF_RANGE', description };
}

/** A latitude without a longitude that can be believed places nothing, and the other way round. */
function doubtHalfPosition(signals: Signals, doubts: Map<string, QuarantineReason>): void {
  const sound = POSITION.filter((name) => signals[name] !== undefined && !doubts.has(name));
  const [name] = sound;
  if (name === undefined || sound.length === POSITION.length) return;
  const other = name === 'latitude_deg' ? 'longitude_deg' : 'latitude_deg';
  const fate = signals[other] === undefined ? 'missing' : 'not believed';
  const description = `a position needs both: ${other} is ${fate}`;
  doubts.set(name, { field: `signals.${name}`, reason: 'POSITION_INCOMPLETE', description });
}

function doubtClock(sample: ReadableSample, clock: ClockBound): QuarantineReason | undefined {
  const { observedAtMs, clockText } = sample;
  const doubt = (reason: string, description: string) => ({ field: 'observed_at_ms', reason, description });
  if (observedAtMs === 0 || clockText !== undefined) {
    const said = clockText === undefined ? 'no time was given' : 'clock_text is no time';
    return doubt('CLOCK_UNREADABLE', `${said}: send the time in observed_at_ms`);
  }
  if (observedAtMs < EARLIEST_OBSERVED_AT_MS) {
    const hint = unitHint('seconds', observedAtMs * 1000, clock);
    return doubt('IN_THE_DISTANT_PAST', `before 1990, when no vehicle reported${hint}`);
  }
  // The one place where the vehicle's clock meets ours: as a bound on how far ahead it may run.
  if (observedAtMs > clock.receivedAtMs + clock.futureToleranceMs) {
    const hint = unitHint('microseconds', observedAtMs / 1000, clock);
    const limit = `${clock.futureToleranceMs / 1000} s`;
    return doubt('IN_THE_FUTURE', `more than ${limit} ahead of the time it was received${hint}`);
  }
  return undefined;
}

function unitHint(unit: string, asMs: number, { receivedAtMs }: ClockBound): string {
  const isLikely = asMs >= EARLIEST_OBSERVED_AT_MS && asMs <= receivedAtMs;
  return isLikely ? `; it looks like ${unit}: send milliseconds` : '';
}
