import { pause } from '@odograph/kernel/clock';
import type { Percentiles } from '../drive/latencies.ts';
import type { RampPlan } from './ramp-plan.ts';
import type { Recovery, StepResult } from './ramp-record.ts';
import type { Rig } from './rig.ts';
import { failedShare } from './what-broke.ts';

/** A moment after the fall. */
export interface Moment {
  /** Since the fall, when the moment began, in milliseconds. */
  readonly atMs: number;
  readonly api: Pick<Percentiles, 'count' | 'p95Ms'>;
  readonly acknowledged: Pick<Percentiles, 'count' | 'p95Ms'>;
  readonly requestsPerSecond: number;
  readonly messagesPerSecond: number;
  /** Of requests and messages together. */
  readonly failedShare: number;
}

const MOMENT_MS = 1_000;
/** One good moment may be luck. */
const GOOD_IN_A_ROW = 3;

/** Lets the load fall back to a step that was fine, and looks how long it takes until it is again. */
export async function measureRecovery(
  rig: Rig,
  before: StepResult,
  { recoverWithinMs }: Pick<RampPlan, 'recoverWithinMs'>,
): Promise<Recovery> {
  const { users, streams } = before;
  const fallMs = performance.now();
  const sinceFall = () => performance.now() - fallMs;
  const moments: Moment[] = [];
  await rig.set({ users, streams });
  while (sinceFall() < recoverWithinMs && recoveredAt(moments, before) === undefined) {
    moments.push(await nextMoment(rig, sinceFall()));
  }
  const afterMs = recoveredAt(moments, before);
  return { users, streams, lookedForMs: sinceFall(), ...(afterMs !== undefined && { afterMs }) };
}

async function nextMoment(rig: Rig, atMs: number): Promise<Moment> {
  await rig.begin();
  await pause(MOMENT_MS);
  const { users, streams } = await rig.end();
  return {
    atMs,
    ...{ api: users.latency, acknowledged: streams.latency },
    ...{ requestsPerSecond: users.perSecond, messagesPerSecond: streams.perSecond },
    failedShare: failedShare([users.errors, streams.errors], users.latency.count + streams.latency.count),
  };
}

/** When the first moments in a row began that are as before, in milliseconds since the fall; undefined where there are none yet. */
export function recoveredAt(moments: readonly Moment[], before: StepResult): number | undefined {
  const good = moments.map((moment) => isAsBefore(moment, before));
  const at = good.findIndex(
    (_, from) => good.length - from >= GOOD_IN_A_ROW && good.slice(from, from + GOOD_IN_A_ROW).every(Boolean),
  );
  return moments[at]?.atMs;
}

/** A second has a few hundred answers: its own p95 is good to about half. */
const MOST_TIMES = 1.5;
/** In milliseconds: below it nobody sees a difference. */
const LEAST_DIFFERENCE_MS = 20;
const LEAST_SHARE = 0.85;

function isAsBefore(moment: Moment, before: StepResult): boolean {
  const { errors, api, acknowledged } = before;
  const failedBefore = failedShare([errors.requests, errors.messages], api.count + acknowledged.count);
  const isQuick = (now: number, was: number) => now <= Math.max(MOST_TIMES * was, was + LEAST_DIFFERENCE_MS);
  return (
    moment.failedShare <= failedBefore &&
    isQuick(moment.api.p95Ms, api.p95Ms) &&
    isQuick(moment.acknowledged.p95Ms, acknowledged.p95Ms) &&
    moment.requestsPerSecond >= LEAST_SHARE * before.requestsPerSecond &&
    moment.messagesPerSecond >= LEAST_SHARE * before.messagesPerSecond
  );
}
