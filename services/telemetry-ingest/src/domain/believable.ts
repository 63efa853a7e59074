import type { Finding } from '@odograph/kernel/finding';
import type { KnownSignalName, Signals, SignalValue } from '@odograph/kernel/signal';
import { EARLIEST_OBSERVED_AT_MS, RANGES, SENTINELS } from './bounds.ts';
import type { ReadableSample } from './report.ts';

/** A sample in two parts: each of its signals is either believed or set aside. */
interface SampleJudgement {
  readonly believed: Signals;
  readonly setAside: Signals;
  /** One for each signal that is not believed, and one for a bad clock, which sets every signal aside. Fields are relative to the sample. */
  readonly reasons: readonly Finding[];
}

/** When the report was received, and how far ahead of that a vehicle's clock may be. */
export interface ClockBound {
  readonly receivedAtMs: number;
  readonly futureToleranceMs: number;
}

/** Why a signal is not believed. */
interface Doubt {
  readonly name: string;
  readonly reason: Finding;
}

/** Judges one sample. A bad clock sets all signals aside, a bad signal only itself; latitude and longitude go together. */
export function judgeSample(sample: ReadableSample, clock: ClockBound): SampleJudgement {
  const { signals } = sample;
  const doubts = doubtSignals(signals);
  const clockReason = doubtClock(sample, clock);
  if (!clockReason && doubts.length === 0) return { believed: signals, setAside: {}, reasons: [] };
  const reasons = doubts.map(({ reason }) => reason);
  if (clockReason) return { believed: {}, setAside: signals, reasons: [clockReason, ...reasons] };
  const believed: Record<string, SignalValue> = {};
  const setAside: Record<string, SignalValue> = {};
  for (const [name, value] of Object.entries(signals)) {
    (isDoubted(name, doubts) ? setAside : believed)[name] = value;
  }
  return { believed, setAside, reasons };
}

function doubtSignals(signals: Signals): readonly Doubt[] {
  const doubts: Doubt[] = [];
  for (const name of Object.keys(signals)) {
    const value = signals[name];
    const reason = typeof value === 'number' ? doubtNumber(name, value) : undefined;
    if (reason) doubts.push({ name, reason });
  }
  const half = doubtHalfPosition(signals, doubts);
  if (half) doubts.push(half);
  return doubts;
}

function isDoubted(name: string, doubts: readonly Doubt[]): boolean {
  return doubts.some((doubt) => doubt.name === name);
}

function doubtNumber(name: string, value: number): Finding | undefined {
  const sentinel = SENTINELS[name]?.find((known) => known.value === value);
  if (sentinel) {
    return { field: `signals.${name}`, reason: 'SENTINEL', description: `${value} is ${sentinel.means}` };
  }
  const range = RANGES[name];
  if (!range || (value >= range.min && value <= range.max)) return undefined;
  const description = `${value} is outside ${range.min} to ${range.max} ${range.unit}`;
  return { field: `signals.${name}`, reason: 'OUT_OF_RANGE', description };
}

/** A latitude without a believable longitude is set aside, and the other way round. */
function doubtHalfPosition(signals: Signals, doubts: readonly Doubt[]): Doubt | undefined {
  const isSound = (name: KnownSignalName) => signals[name] !== undefined && !isDoubted(name, doubts);
  const hasLatitude = isSound('latitude_deg');
  if (hasLatitude === isSound('longitude_deg')) return undefined;
  const [name, other] = hasLatitude ? ['latitude_deg', 'longitude_deg'] : ['longitude_deg', 'latitude_deg'];
  const state = signals[other] === undefined ? 'missing' : 'not believed';
  const description = `a position needs both: ${other} is ${state}`;
  return { name, reason: { field: `signals.${name}`, reason: 'POSITION_INCOMPLETE', description } };
}

function doubtClock(sample: ReadableSample, clock: ClockBound): Finding | undefined {
  const { observedAtMs, clockText } = sample;
  const doubt = (reason: string, description: string) => ({ field: 'observed_at_ms', reason, description });
  if (observedAtMs === 0 || clockText !== undefined) {
    const said = clockText === undefined ? 'no time was given' : 'clock_text is not a time';
    return doubt('CLOCK_UNREADABLE', `${said}: send the time in observed_at_ms`);
  }
  if (observedAtMs < EARLIEST_OBSERVED_AT_MS) {
    const hint = unitHint('seconds', observedAtMs * 1000, clock);
    return doubt('IN_THE_DISTANT_PAST', `before 1990, when no vehicle reported${hint}`);
  }
  // The only comparison of the vehicle's clock with ours: how far ahead it may be.
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
