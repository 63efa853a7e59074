import { pause } from '@odograph/kernel/clock';
import type { LoadProcess } from '../load/load-process.ts';
import type { Measured } from '../load/recorder.ts';
import type { BenchPlatform } from './platform.ts';
import { type SampledUsage, sampleUsage } from './usage.ts';

interface MeasuredLoads<Name extends string> extends SampledUsage {
  readonly loads: Readonly<Record<Name, Measured>>;
}

/** Measures loads, and what the platform and the machine use for them, for a time. */
export async function measureLoads<Name extends string>(
  platform: BenchPlatform,
  loads: Readonly<Record<Name, LoadProcess>>,
  measureMs: number,
): Promise<MeasuredLoads<Name>> {
  const named = Object.entries(loads) as [Name, LoadProcess][];
  const sampling = sampleUsage(platform.pids());
  await Promise.all(named.map(([, load]) => load.begin()));
  await pause(measureMs);
  const measured = await Promise.all(named.map(async ([name, load]) => [name, await load.end()] as const));
  return { loads: Object.fromEntries(measured) as Record<Name, Measured>, ...sampling.stop() };
}
