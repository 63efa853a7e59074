import type { Fault } from '@odograph/kernel/fault';
import type { Stage } from '../round/stage.ts';

/** How far back the load is looked at, in milliseconds: each reporter has been answered by then, if only by its deadline. */
const LATELY_MS = 4_000;

/** Whether the load is refused for want of room, all of it, and told how long to wait. */
export function areOverloaded(stage: Stage): boolean {
  return areRefused(stage, ({ code, retryAfterMs }) => code === 'OVERLOADED' && retryAfterMs !== undefined);
}

/** Whether all that the load has sent lately was refused, and for such a reason. */
export function areRefused(stage: Stage, isFitting: (fault: Fault) => boolean): boolean {
  const batches = stage.batchesSince(performance.now() - LATELY_MS);
  return batches.length > 0 && batches.every(({ fault }) => fault !== undefined && isFitting(fault));
}

/** Waits until the load is taken again, and for a moment more. That it is not in time is a violation. */
export async function untilTaken(stage: Stage, withinMs: number): Promise<void> {
  const sinceMs = performance.now();
  const isTaken = () =>
    stage.batchesSince(sinceMs).some(({ fault, acknowledged }) => !fault && acknowledged.length > 10);
  await stage.until('the load is taken again without help', isTaken, withinMs);
  await stage.wait(1_500);
}
