import type { DriveShape } from '../load/load.ts';
import { measureOf } from '../report/measure.ts';
import type { Measure, Percentiles } from '../report/run-record.ts';
import { type DiskUse, diskUse } from './disk.ts';
import type { Progress } from './flat-out.ts';
import { type BenchPlan, RATES, SEED, VEHICLES } from './plan.ts';
import { withPlatform } from './platform.ts';
import { type Driven, runDrive } from './run-drive.ts';

/** Small batches over many connections, as from the cloud of a vehicle maker. */
export const PACED_SHAPE: DriveShape = {
  vehicles: VEHICLES,
  samplesPerReport: 1,
  seed: SEED,
  connections: 20,
  batch: 10,
};

/** Latencies at each rate, what each process uses for it, and the space on disk after the highest rate; each turn on new platforms. */
export async function latencyMeasures(plan: BenchPlan, progress: Progress): Promise<readonly Measure[]> {
  const readings: Reading[] = [];
  for (let turn = 0; turn < plan.latencyRepeats; turn += 1) {
    for (const reportsPerSecond of RATES)
      readings.push(...(await readingsAt(reportsPerSecond, plan, progress)));
  }
  const byName = Map.groupBy(readings, ({ name }) => name);
  return Array.from(byName, ([name, repeats]) => {
    const { unit } = repeats[0] as Reading;
    return measureOf(
      { name, unit, better: 'lower' },
      repeats.map(({ value }) => value),
    );
  });
}

/** A value of one turn. */
interface Reading {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
}

async function readingsAt(
  reportsPerSecond: number,
  plan: BenchPlan,
  progress: Progress,
): Promise<readonly Reading[]> {
  const at = `at ${reportsPerSecond / 1_000},000/s`;
  const { driven, disk } = await withPlatform(1, async (platform) => ({
    driven: await runDrive(platform, PACED_SHAPE, { kind: 'paced', reportsPerSecond }, plan.paced),
    disk: await diskUse(platform.urls, platform.partitions),
  }));
  progress(`acknowledged → visible, p99, ${at}`, driven.load.latency.visible.p99Ms, 'ms');
  const samples = (reportsPerSecond * (plan.paced.warmUpMs + plan.paced.measureMs)) / 1_000;
  const bytes = reportsPerSecond === RATES.at(-1) ? bytesOf(disk, samples) : [];
  return [...latenciesOf(driven, at), ...usageOf(driven, at), ...bytes];
}

function reading(name: string, unit: string, value: number): Reading {
  return { name, unit, value };
}

function latenciesOf({ load: { latency } }: Driven, at: string): readonly Reading[] {
  const steps: readonly (readonly [string, Percentiles])[] = [
    ['due → acknowledged', latency.acknowledged],
    ['due → committed', latency.committed],
    ['acknowledged → visible', latency.visible],
  ];
  return steps.flatMap(([name, { p50Ms, p99Ms }]) => [
    reading(`${name}, p50, ${at}`, 'ms', p50Ms),
    reading(`${name}, p99, ${at}`, 'ms', p99Ms),
  ]);
}

function usageOf({ usage, load }: Driven, at: string): readonly Reading[] {
  const processes = Object.entries(usage).flatMap(([name, { cpuShare, peakRssMib }]) => [
    reading(`CPU of ${name}, ${at}`, 'cores', cpuShare),
    reading(`peak memory of ${name}, ${at}`, 'MiB', peakRssMib),
  ]);
  return [...processes, reading(`CPU of the load generator, ${at}`, 'cores', load.cpuShare)];
}

function bytesOf(disk: DiskUse, samples: number): readonly Reading[] {
  return Object.entries(disk).map(([name, bytes]) =>
    reading(`on disk in ${name}`, 'bytes/sample', bytes / samples),
  );
}
