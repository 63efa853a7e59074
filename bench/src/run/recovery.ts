import { failedShare } from '../report/load-bars.ts';
import type { Recovery, StepResult } from '../report/run-record.ts';
import type { LoadResults } from './measure-step.ts';

/** The results of a second after the load fell. */
export interface Moment extends LoadResults {
  /** Its start since the fall, in milliseconds. */
  readonly atMs: number;
}

const MOMENT_MS = 1_000;
/** One good moment may be chance. */
const GOOD_IN_A_ROW = 3;

/**
 * Measures how long it takes until the results are those of an earlier step, to which the load has just fallen.
 * @param measure the load for a time in milliseconds.
 */
export async function measureRecovery(
  before: StepResult,
  recoverWithinMs: number,
  measure: (ms: number) => Promise<LoadResults>,
): Promise<Recovery> {
  const fallMs = performance.now();
  const sinceFall = () => performance.now() - fallMs;
  const moments: Moment[] = [];
  while (sinceFall() < recoverWithinMs && recoveredAt(moments, before) === undefined) {
    moments.push({ atMs: sinceFall(), ...(await measure(MOMENT_MS)) });
  }
  const afterMs = recoveredAt(moments, before);
  const { users, streams } = before;
  const apiP95Ms = moments.map(({ api }) => api.p95Ms);
  return { users, streams, lookedForMs: sinceFall(), apiP95Ms, ...(afterMs !== undefined && { afterMs }) };
}

/** The start of the first good moments in a row, in milliseconds since the fall; undefined if there are none yet. */
export function recoveredAt(moments: readonly Moment[], before: StepResult): number | undefined {
  const good = moments.map((moment) => isAsBefore(moment, before));
  const at = good.findIndex(
    (_, from) => good.length - from >= GOOD_IN_A_ROW && good.slice(from, from + GOOD_IN_A_ROW).every(Boolean),
  );
  return moments[at]?.atMs;
}

/** A second has a few hundred answers, so that its p95 is exact to about a half. */
const MAX_FACTOR = 1.5;
/** In milliseconds. */
const IGNORED_DIFFERENCE_MS = 20;
const MIN_SHARE = 0.85;

function isAsBefore(moment: Moment, before: StepResult): boolean {
  const isQuick = (latency: 'api' | 'acknowledged') =>
    moment[latency].p95Ms <=
    Math.max(MAX_FACTOR * before[latency].p95Ms, before[latency].p95Ms + IGNORED_DIFFERENCE_MS);
  const isFrequent = (rate: 'requestsPerSecond' | 'messagesPerSecond') =>
    moment[rate] >= MIN_SHARE * before[rate];
  return (
    failedShare(moment) <= failedShare(before) &&
    isQuick('api') &&
    isQuick('acknowledged') &&
    isFrequent('requestsPerSecond') &&
    isFrequent('messagesPerSecond')
  );
}
