import { bucketsOf, quantileBetween, type Scrape, scrapeAll, sumOf } from '@odograph/testing/scrape';
import type { LoadProcess } from '../load/load-process.ts';
import type { Measured } from '../load/recorder.ts';
import type { StepResult } from '../report/run-record.ts';
import type { LoadStep } from './load-plan.ts';
import { measureLoads } from './measure-loads.ts';
import type { BenchPlatform } from './platform.ts';
import type { SampledUsage } from './usage.ts';

/** Users and vehicles, each in its own process. */
export type StepLoads = Readonly<Record<'users' | 'streams', LoadProcess>>;

/** Measures a step of the load, with what the services report about it. */
export async function measureStep(
  platform: BenchPlatform,
  loads: StepLoads,
  step: LoadStep,
  measureMs: number,
): Promise<StepResult> {
  const crashesBefore = platform.crashes();
  const before = await scrapeAll(platform.metrics);
  const measured = await measureLoads(platform, loads, measureMs);
  const after = await scrapeAll(platform.metrics);
  const { users, streams } = measured.loads;
  const queriesP95Ms = queriesP95(before, after);
  const openStreams = after['ingest'] && sumOf(after['ingest'], 'odograph_ingest_connections');
  return {
    ...step,
    ...(openStreams !== undefined && { openStreams }),
    ...loadResults(measured.loads),
    ...(queriesP95Ms !== undefined && { queriesP95Ms }),
    crashes: platform.crashes() - crashesBefore,
    platform: platformUsage(measured.processes, after),
    load: { users: loadUsage(users), streams: loadUsage(streams) },
    machine: machineUsage(measured, users.cpuShare + streams.cpuShare),
  };
}

export type LoadResults = Pick<
  StepResult,
  'requestsPerSecond' | 'messagesPerSecond' | 'api' | 'acknowledged' | 'errors'
>;

export function loadResults({ users, streams }: Readonly<Record<keyof StepLoads, Measured>>): LoadResults {
  return {
    requestsPerSecond: users.perSecond.answered,
    messagesPerSecond: streams.perSecond.acknowledged,
    ...{ api: users.latency.answered, acknowledged: streams.latency.acknowledged },
    errors: { requests: users.errors, messages: streams.errors },
  };
}

const loadUsage = ({ cpuShare, loopBusy }: Measured) => ({ cpuShare, loopBusy });

/** The MongoDB commands of a query. The latency of writes is that of the acknowledgements. */
const QUERIES = new Set(['find', 'getMore', 'aggregate', 'count', 'distinct']);

/** Of all replicas together, in milliseconds. */
function queriesP95(before: Scrape, after: Scrape): number | undefined {
  const buckets = (scrape: Scrape) =>
    bucketsOf(Object.values(scrape).flat(), 'db_client_operation_duration', (labels) =>
      QUERIES.has(labels['db_operation_name'] ?? ''),
    );
  const seconds = quantileBetween(buckets(before), buckets(after), 0.95);
  return seconds === undefined ? undefined : seconds * 1_000;
}

/** The metric of an event loop covers the time since the previous scrape. */
function platformUsage(processes: SampledUsage['processes'], after: Scrape): StepResult['platform'] {
  return Object.fromEntries(
    Object.entries(processes).map(([name, { cpuShare, peakRssMib }]) => {
      const metrics = after[name];
      const loop = metrics && { loopBusy: sumOf(metrics, 'nodejs_eventloop_utilization') };
      return [name, { cpuShare, peakRssMib, ...loop }];
    }),
  );
}

/** The samples of processes and machine are not of the same instant, so that the difference can be below 0. */
function machineUsage({ processes, machine }: SampledUsage, loadCpuShare: number): StepResult['machine'] {
  const platform = Object.values(processes).reduce((sum, { cpuShare }) => sum + cpuShare, 0);
  return { ...machine, busyWithOthers: Math.max(0, machine.busy - platform - loadCpuShare) };
}
