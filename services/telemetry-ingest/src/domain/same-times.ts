import type { Finding } from '@odograph/kernel/finding';
import { isoTime } from '@odograph/kernel/iso-time';
import type { Sample, SignalValue } from '@odograph/kernel/signal';

/** What the samples of one time have: the first value of each signal, and the signals with several values. */
interface SameTime {
  readonly first: Map<string, SignalValue>;
  readonly differing: Set<string>;
}

const NONE: readonly Finding[] = [];

/**
 * A remark for each time at which samples of one report have other values. The views merge them as they merge two contents
 * under one report key (decision 001), into a sample that was perhaps never measured.
 */
export function findSameTimes(samples: readonly Sample[]): readonly Finding[] {
  if (samples.length < 2) return NONE;
  if (new Set(samples.map(({ observedAtMs }) => observedAtMs)).size === samples.length) return NONE;
  const times = new Map<number, SameTime>();
  for (const { observedAtMs, signals } of samples) {
    const known = times.get(observedAtMs) ?? { first: new Map(), differing: new Set() };
    times.set(observedAtMs, known);
    for (const [name, value] of Object.entries(signals)) {
      const first = known.first.get(name);
      if (first === undefined) known.first.set(name, value);
      else if (first !== value) known.differing.add(name);
    }
  }
  return [...times].flatMap(([timeMs, { differing }]) =>
    differing.size > 0 ? sameTime(timeMs, differing) : [],
  );
}

function sameTime(timeMs: number, differing: ReadonlySet<string>): Finding {
  const [name, ...others] = differing;
  const names = others.length === 0 ? name : `${name} and ${others.length} more`;
  const description = `the samples of ${isoTime(timeMs)} differ in ${names}: views keep the greater value`;
  return { field: 'samples', reason: 'SAME_TIME', description };
}
