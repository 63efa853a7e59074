import type { Percentiles } from '../drive/latencies.ts';
import { measureOf } from '../report/measure.ts';
import type { Measure } from '../report/results.ts';
import { type DiskUse, diskUse } from './disk.ts';
import type { Tell } from './flat-out.ts';
import { type BenchPlan, RATES, SEED, VEHICLES } from './plan.ts';
import { type LoadShape, withPlatform } from './platform.ts';
import type { Driven } from './run-drive.ts';

/** Reports come in small batches over many connections, as from a vehicle maker's cloud. */
const SHAPE: LoadShape = { vehicles: VEHICLES, samplesPerReport: 1, seed: SEED, connections: 20, batch: 10 };
const PARTITIONS = 2;

/** Latencies at each rate, what each process takes for it, and what is on disk after the highest. */
export async function latencyMeasures(plan: BenchPlan, tell: Tell): Promise<readonly Measure[]> {
  const measures: Measure[] = [];
  for (const reportsPerSecond of RATES) {
    const at = `at ${reportsPerSecond / 1_000},000/s`;
    const { driven, disk } = await withPlatform(async ({ cluster, drive }) => ({
      driven: await drive(SHAPE, { kind: 'paced', reportsPerSecond }, plan.paced),
      disk: await diskUse(cluster.urls, PARTITIONS),
    }));
    tell(`acknowledged → visible, p99, ${at}`, driven.result.visible.p99Ms, 'ms');
    measures.push(...timesOf(driven, at), ...usageOf(driven, at));
    const samples = (reportsPerSecond * (plan.paced.warmUpMs + plan.paced.measureMs)) / 1_000;
    if (reportsPerSecond === RATES.at(-1)) measures.push(...bytesOf(disk, samples));
  }
  return measures;
}

const lower = 'lower' as const;

function timesOf({ result }: Driven, at: string): readonly Measure[] {
  const steps: readonly (readonly [string, Percentiles])[] = [
    ['due → acknowledged', result.acknowledged],
    ['due → committed', result.committed],
    ['acknowledged → visible', result.visible],
  ];
  return steps.flatMap(([name, { p50Ms, p99Ms }]) => [
    measureOf({ name: `${name}, p50, ${at}`, unit: 'ms', better: lower }, [p50Ms]),
    measureOf({ name: `${name}, p99, ${at}`, unit: 'ms', better: lower }, [p99Ms]),
  ]);
}

function usageOf({ usage, result }: Driven, at: string): readonly Measure[] {
  const processes = Object.entries(usage).flatMap(([name, { cpuShare, peakRssMib }]) => [
    measureOf({ name: `CPU of ${name}, ${at}`, unit: 'cores', better: lower }, [cpuShare]),
    measureOf({ name: `peak memory of ${name}, ${at}`, unit: 'MiB', better: lower }, [peakRssMib]),
  ]);
  const load = { name: `CPU of the load generator, ${at}`, unit: 'cores', better: lower };
  return [...processes, measureOf(load, [result.driverCpuShare])];
}

function bytesOf(disk: DiskUse, samples: number): readonly Measure[] {
  return Object.entries(disk).map(([name, bytes]) => {
    return measureOf({ name: `on disk in ${name}`, unit: 'bytes/sample', better: lower }, [bytes / samples]);
  });
}
