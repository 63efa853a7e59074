import { pause } from '@odograph/kernel/clock';
import { type BenchPlatform, withPlatform } from '../run/platform.ts';
import { findBreak, lastFine } from './find-break.ts';
import { measureStep } from './measure-step.ts';
import { preload } from './preload.ts';
import { JUDGED, KNOWN_VEHICLES, mustRun, type RampPlan, SEED } from './ramp-plan.ts';
import type { Ramp, StepResult } from './ramp-record.ts';
import { measureRecovery } from './recovery.ts';
import { type Rig, startRig } from './rig.ts';

/** Is told how it goes. */
export interface RampObserver {
  started(histories: number): void;
  measured(step: StepResult): void;
}

/** Lets the load rise on a platform of its own until it breaks, and then fall. */
export async function runRamp(plan: RampPlan, histories: number, observer: RampObserver): Promise<Ramp> {
  const work = async ({ cluster }: BenchPlatform): Promise<Ramp> => {
    const { endpoints, metrics } = cluster;
    await preload({ ...endpoints, metrics, vehicles: KNOWN_VEHICLES, seed: SEED, untilMs: Date.now() });
    observer.started(histories);
    const rig = startRig(cluster, Math.max(...plan.steps.map(({ streams }) => streams)));
    try {
      await rig.set(plan.steps[0] ?? JUDGED);
      await pause(plan.warmUpMs);
      const steps = await rise(plan, async (step) => {
        const result = await measureStep(cluster, rig, step, plan);
        observer.measured(result);
        return result;
      });
      return { histories, steps, ...(await fall(plan, steps, rig)) };
    } finally {
      await rig.stop();
    }
  };
  return await withPlatform(work, { histories });
}

/** Ends with the step that breaks, but not before the judged one. */
async function rise(
  { steps }: RampPlan,
  measure: (step: RampPlan['steps'][number]) => Promise<StepResult>,
): Promise<StepResult[]> {
  const results: StepResult[] = [];
  for (const step of steps) {
    if (results.length >= mustRun(steps) && findBreak(results)) break;
    results.push(await measure(step));
  }
  return results;
}

async function fall(plan: RampPlan, steps: readonly StepResult[], rig: Rig): Promise<Pick<Ramp, 'recovery'>> {
  const before = lastFine(steps);
  if (!findBreak(steps) || !before) return {};
  return { recovery: await measureRecovery(rig, before, plan) };
}
