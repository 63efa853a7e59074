import type { Finding } from '@odograph/kernel/finding';
import type { KnownSignalName, Signals, SignalValue } from '@odograph/kernel/signal';
import { EARLIEST_OBSERVED_AT_MS, RANGES, sentinelOf } from './bounds.ts';
import type { ReadableSample } from './report.ts';

/** A sample in two parts: each of its signals is either believed or set aside. */
interface SampleJudgement {
  readonly believed: Signals;
  readonly setAside: Signals;
  /** One for each signal that is not believed, and one for a bad clock, which sets every signal aside. Fields are relative to the sample. */
  readonly findings: readonly Finding[];
}

/** When the report was received, and how far ahead of that a vehicle's clock may be. */
export interface ClockBound {
  readonly receivedAtMs: number;
  readonly futureToleranceMs: number;
}

/** A signal that is not believed. */
interface Disbelieved {
  readonly name: string;
  readonly finding: Finding;
}

/** Judges one sample. A bad clock sets all signals aside, a bad signal only itself; latitude and longitude go together. */
export function judgeSample(sample: ReadableSample, clock: ClockBound): SampleJudgement {
  const { signals } = sample;
  const disbelieved = judgeSignals(signals);
  const ofClock = judgeClock(sample, clock);
  if (!ofClock && disbelieved.length === 0) return { believed: signals, setAside: {}, findings: [] };
  const findings = disbelieved.map(({ finding }) => finding);
  if (ofClock) return { believed: {}, setAside: signals, findings: [ofClock, ...findings] };
  const believed: Record<string, SignalValue> = {};
  const setAside: Record<string, SignalValue> = {};
  for (const [name, value] of Object.entries(signals)) {
    (has(disbelieved, name) ? setAside : believed)[name] = value;
  }
  return { believed, setAside, findings };
}

function judgeSignals(signals: Signals): readonly Disbelieved[] {
  const disbelieved: Disbelieved[] = [];
  for (const name of Object.keys(signals)) {
    const value = signals[name];
    const finding = typeof value === 'number' ? judgeNumber(name, value) : undefined;
    if (finding) disbelieved.push({ name, finding });
  }
  const half = judgePosition(signals, disbelieved);
  if (half) disbelieved.push(half);
  return disbelieved;
}

function has(disbelieved: readonly Disbelieved[], name: string): boolean {
  return disbelieved.some((signal) => signal.name === name);
}

function judgeNumber(name: string, value: number): Finding | undefined {
  const range = RANGES[name];
  if (!range) return undefined;
  const sentinel = sentinelOf(range, value);
  if (sentinel) {
    return { field: `signals.${name}`, reason: 'SENTINEL', description: `${value} is ${sentinel.means}` };
  }
  if (value >= range.min && value <= range.max) return undefined;
  const description = `${value} is outside ${range.min} to ${range.max} ${range.unit}`;
  return { field: `signals.${name}`, reason: 'OUT_OF_RANGE', description };
}

/** A latitude without a believable longitude is set aside, and the other way round. */
function judgePosition(signals: Signals, disbelieved: readonly Disbelieved[]): Disbelieved | undefined {
  const isSound = (name: KnownSignalName) => signals[name] !== undefined && !has(disbelieved, name);
  const hasLatitude = isSound('latitude_deg');
  if (hasLatitude === isSound('longitude_deg')) return undefined;
  const [name, other] = hasLatitude ? ['latitude_deg', 'longitude_deg'] : ['longitude_deg', 'latitude_deg'];
  const state = signals[other] === undefined ? 'missing' : 'not believed';
  const description = `a position needs both: ${other} is ${state}`;
  return { name, finding: { field: `signals.${name}`, reason: 'POSITION_INCOMPLETE', description } };
}

function judgeClock(sample: ReadableSample, clock: ClockBound): Finding | undefined {
  const { observedAtMs, clockText } = sample;
  const finding = (reason: string, description: string) => ({ field: 'observed_at_ms', reason, description });
  if (observedAtMs === 0 || clockText !== undefined) {
    const said = clockText === undefined ? 'no time was given' : 'clock_text is not a time';
    return finding('CLOCK_UNREADABLE', `${said}: send the time in observed_at_ms`);
  }
  if (observedAtMs < EARLIEST_OBSERVED_AT_MS) {
    const hint = unitHint('seconds', observedAtMs * 1000, clock);
    return finding('IN_THE_DISTANT_PAST', `before 1990, when no vehicle reported${hint}`);
  }
  // The only comparison of the vehicle's clock with ours: how far ahead it may be.
  if (observedAtMs > clock.receivedAtMs + clock.futureToleranceMs) {
    const hint = unitHint('microseconds', observedAtMs / 1000, clock);
    const limit = `${clock.futureToleranceMs / 1000} s`;
    return finding('IN_THE_FUTURE', `more than ${limit} ahead of the time it was received${hint}`);
  }
  return undefined;
}

function unitHint(unit: string, asMs: number, { receivedAtMs }: ClockBound): string {
  const isLikely = asMs >= EARLIEST_OBSERVED_AT_MS && asMs <= receivedAtMs;
  return isLikely ? `; it looks like ${unit}: send milliseconds` : '';
}
