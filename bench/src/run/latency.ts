import type { DriveShape } from '../load/load.ts';
import { measureOf } from '../report/measure.ts';
import type { Measure, Percentiles } from '../report/run-record.ts';
import { type DiskUse, diskUse } from './disk.ts';
import type { Progress } from './flat-out.ts';
import { type BenchPlan, RATES, SEED, VEHICLES } from './plan.ts';
import { withPlatform } from './platform.ts';
import { type Driven, runDrive } from './run-drive.ts';

/** Small batches over many connections, as from the cloud of a vehicle maker. */
const SHAPE: DriveShape = { vehicles: VEHICLES, samplesPerReport: 1, seed: SEED, connections: 20, batch: 10 };

/** Latencies at each rate, what each process uses for it, and the space on disk after the highest rate. */
export async function latencyMeasures(plan: BenchPlan, progress: Progress): Promise<readonly Measure[]> {
  const measures: Measure[] = [];
  for (const reportsPerSecond of RATES) {
    const at = `at ${reportsPerSecond / 1_000},000/s`;
    const { driven, disk } = await withPlatform(1, async (platform) => ({
      driven: await runDrive(platform, SHAPE, { kind: 'paced', reportsPerSecond }, plan.paced),
      disk: await diskUse(platform.urls, platform.partitions),
    }));
    progress(`acknowledged → visible, p99, ${at}`, driven.load.latency.visible.p99Ms, 'ms');
    measures.push(...latenciesOf(driven, at), ...usageOf(driven, at));
    const samples = (reportsPerSecond * (plan.paced.warmUpMs + plan.paced.measureMs)) / 1_000;
    if (reportsPerSecond === RATES.at(-1)) measures.push(...bytesOf(disk, samples));
  }
  return measures;
}

function lower(name: string, unit: string, value: number): Measure {
  return measureOf({ name, unit, better: 'lower' }, [value]);
}

function latenciesOf({ load: { latency } }: Driven, at: string): readonly Measure[] {
  const steps: readonly (readonly [string, Percentiles])[] = [
    ['due → acknowledged', latency.acknowledged],
    ['due → committed', latency.committed],
    ['acknowledged → visible', latency.visible],
  ];
  return steps.flatMap(([name, { p50Ms, p99Ms }]) => [
    lower(`${name}, p50, ${at}`, 'ms', p50Ms),
    lower(`${name}, p99, ${at}`, 'ms', p99Ms),
  ]);
}

function usageOf({ usage, load }: Driven, at: string): readonly Measure[] {
  const processes = Object.entries(usage).flatMap(([name, { cpuShare, peakRssMib }]) => [
    lower(`CPU of ${name}, ${at}`, 'cores', cpuShare),
    lower(`peak memory of ${name}, ${at}`, 'MiB', peakRssMib),
  ]);
  return [...processes, lower(`CPU of the load generator, ${at}`, 'cores', load.cpuShare)];
}

function bytesOf(disk: DiskUse, samples: number): readonly Measure[] {
  return Object.entries(disk).map(([name, bytes]) =>
    lower(`on disk in ${name}`, 'bytes/sample', bytes / samples),
  );
}
