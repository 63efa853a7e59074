import { pause } from '@odograph/kernel/clock';
import { startLoad } from '../load/load-process.ts';
import { findBreak } from '../report/load-bars.ts';
import type { Ramp, StepResult } from '../report/run-record.ts';
import {
  isJudged,
  KNOWN_VEHICLES,
  type LoadPlan,
  type LoadStep,
  REPORT_EVERY_MS,
  SEED,
} from './load-plan.ts';
import { measureLoads } from './measure-loads.ts';
import { loadResults, measureStep, type StepLoads } from './measure-step.ts';
import { type BenchPlatform, withPlatform } from './platform.ts';
import { preload } from './preload.ts';
import { measureRecovery } from './recovery.ts';

const CACHES = 1;

interface LoadProgress {
  started(histories: number): void;
  measured(step: StepResult): void;
}

/** Increases the load on a new platform until it breaks, and measures the recovery. */
export async function runLoad(plan: LoadPlan, histories: number, progress: LoadProgress): Promise<Ramp> {
  return await withPlatform(
    histories,
    async (platform) => {
      await preload(platform, { vehicles: KNOWN_VEHICLES, seed: SEED, untilMs: Date.now() });
      progress.started(histories);
      const loads = await startLoads(platform, plan);
      try {
        const steps = await rise(platform, loads, plan, progress);
        const before = findBreak(steps)?.before;
        if (!before) return { histories, steps };
        await setLoads(loads, before);
        const measure = async (ms: number) => loadResults((await measureLoads(platform, loads, ms)).loads);
        const recovery = await measureRecovery(before, plan.recoverWithinMs, measure);
        return { histories, steps, recovery };
      } finally {
        await Promise.all([loads.users.stop(), loads.streams.stop()]);
      }
    },
    CACHES,
  );
}

async function startLoads({ endpoints }: BenchPlatform, { steps }: LoadPlan): Promise<StepLoads> {
  const { ingest, histories, caches } = endpoints;
  const mostStreams = Math.max(...steps.map(({ streams }) => streams));
  const startMs = Date.now();
  const [users, streams] = await Promise.all([
    startLoad({ kind: 'users', histories, caches, vehicles: KNOWN_VEHICLES, seed: SEED }),
    startLoad({
      ...{ kind: 'streams', ingest, vehicles: mostStreams, seed: SEED },
      ...{ startMs, everyMs: REPORT_EVERY_MS },
    }),
  ]);
  return { users, streams };
}

/** Does not wait until all workers work. */
async function setLoads(loads: StepLoads, { users, streams }: LoadStep): Promise<void> {
  await Promise.all([loads.users.resize(users), loads.streams.resize(streams)]);
}

/** Ends with the step that breaks, but not before the judged one. */
async function rise(
  platform: BenchPlatform,
  loads: StepLoads,
  { steps, warmUpMs, settleMs, measureMs }: LoadPlan,
  progress: LoadProgress,
): Promise<StepResult[]> {
  const results: StepResult[] = [];
  for (const step of steps) {
    if (results.some(isJudged) && findBreak(results)) break;
    await setLoads(loads, step);
    await pause(results.length === 0 ? warmUpMs + settleMs : settleMs);
    const result = await measureStep(platform, loads, step, measureMs);
    progress.measured(result);
    results.push(result);
  }
  return results;
}
