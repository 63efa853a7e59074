import { createFleet } from '@odograph/sources/fleet/fleet';
import { measureOf } from '../report/measure.ts';
import type { Measure } from '../report/run-record.ts';
import type { Progress } from './flat-out.ts';
import { type BenchPlan, SEED, TAKEOVER_VEHICLES } from './plan.ts';
import { withPlatform } from './platform.ts';
import { sendAll, untilVisible } from './send-all.ts';
import { sampleUsage } from './usage.ts';

const [OWNER, SUCCESSOR] = ['history-1', 'history-2'] as const;
/** Reports to each partition with near certainty. */
const REPORTS_AFTER = 50;

interface Takeover {
  readonly seconds: number;
  readonly peakRssMib: number;
}

/** How long nothing new is visible when the owner of all partitions of a large fleet is killed, and what its successor needs. */
export async function takeoverMeasures(plan: BenchPlan, progress: Progress): Promise<readonly Measure[]> {
  const takeovers: Takeover[] = [];
  for (let turn = 0; turn < plan.repeats; turn += 1) {
    const takeover = await takeOver();
    progress('takeover', takeover.seconds, 's');
    takeovers.push(takeover);
  }
  const at = `with ${TAKEOVER_VEHICLES / 1_000},000 vehicles`;
  const better = 'lower' as const;
  return [
    measureOf(
      { name: `takeover, kill → visible, ${at}`, unit: 's', better },
      takeovers.map(({ seconds }) => seconds),
    ),
    measureOf(
      { name: `peak memory of the new owner, ${at}`, unit: 'MiB', better },
      takeovers.map(({ peakRssMib }) => peakRssMib),
    ),
  ];
}

async function takeOver(): Promise<Takeover> {
  const fleet = createFleet({
    ...{ movement: 'steps', vehicles: TAKEOVER_VEHICLES, samplesPerReport: 1, seed: SEED },
  });
  const reports = (count: number) => Array.from({ length: count }, (_, vehicle) => fleet.next(vehicle).bytes);
  return await withPlatform(2, async (platform) => {
    const [, successor = ''] = platform.endpoints.histories;
    // Until the owner has every partition, there is no other.
    await platform.kill(SUCCESSOR);
    const { positions } = await sendAll(platform, reports(TAKEOVER_VEHICLES));
    await platform.start(SUCCESSOR);
    await untilVisible(successor, positions);
    const sampling = sampleUsage({ [SUCCESSOR]: platform.pids()[SUCCESSOR] ?? 0 });
    const startMs = performance.now();
    await platform.kill(OWNER);
    const endpoints = { ...platform.endpoints, histories: [successor] };
    await sendAll({ ...platform, endpoints }, reports(REPORTS_AFTER));
    const seconds = (performance.now() - startMs) / 1_000;
    return { seconds, peakRssMib: sampling.stop().processes[SUCCESSOR]?.peakRssMib ?? 0 };
  });
}
