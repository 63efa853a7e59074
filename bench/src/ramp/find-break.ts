import type { StepResult } from './ramp-record.ts';
import { whatBroke } from './what-broke.ts';

/** Where a ramp broke. */
export interface Break {
  readonly step: StepResult;
  /** What of it is not fine. */
  readonly what: readonly string[];
  /** What had no room left, in words: the reason, as far as it can be seen from here. */
  readonly full: readonly string[];
}

/** The first step that is not fine. */
export function findBreak(steps: readonly StepResult[]): Break | undefined {
  for (const step of steps) {
    const what = whatBroke(step);
    if (what.length > 0) return { step, what, full: whatWasFull(step) };
  }
  return undefined;
}

/** The last fine step before the one that broke. */
export function lastFine(steps: readonly StepResult[]): StepResult | undefined {
  const broken = steps.findIndex((step) => whatBroke(step).length > 0);
  return broken < 0 ? steps.at(-1) : steps[broken - 1];
}

/** Of a core, of the time of an event loop, or of all cores. */
const FULL = 0.95;
const LOAD_BREAKS = 'the load generator is what breaks, not the platform';
const LOAD_BREAKS_TOO = 'the load generator has no room left either: the platform alone may take more';

/** An event loop that waits for a core counts as busy, so that on a full machine several may be full at less than a core each. */
export function whatWasFull({ platform, load, machine }: StepResult): readonly string[] {
  const ours = Object.entries(platform).flatMap(([name, usage]) => fullness(name, usage));
  const loads = [...fullness('users', load.users), ...fullness('streams', load.streams)];
  const { cores, busy, busyWithOthers } = machine;
  const others = `${cores} cores of the machine are busy, ${busyWithOthers.toFixed(1)} of them with others`;
  return [
    ...ours,
    ...loads.map((words) => `load of ${words}`),
    ...(busy >= FULL * cores ? [`all ${others}`] : []),
    ...loadWords(loads.length > 0, ours.length > 0 || busy >= FULL * cores),
  ];
}

function fullness(name: string, { cpuShare, loopBusy }: StepResult['load']['users']): readonly string[] {
  // What has no event loop has threads: a core is no limit to it.
  if (loopBusy === undefined || Math.max(cpuShare, loopBusy) < FULL) return [];
  return [`${name}: event loop ${Math.round(loopBusy * 100)} % busy, ${cpuShare.toFixed(2)} of a core`];
}

function loadWords(isLoadFull: boolean, isOtherFull: boolean): readonly string[] {
  if (!isLoadFull) return [];
  return [isOtherFull ? LOAD_BREAKS_TOO : LOAD_BREAKS];
}
