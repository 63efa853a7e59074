import type { Cluster } from '@odograph/cluster/cluster';
import { pause } from '@odograph/kernel/clock';
import { type IntervalUsage, sampleUsage } from '../process-usage.ts';
import { pidsOf } from '../run/platform.ts';
import { coreCount, machineBusySeconds } from './machine-usage.ts';
import { bucketsOf, quantileBetween, sumOf } from './prometheus.ts';
import type { RampPlan, RampStep } from './ramp-plan.ts';
import type { StepResult } from './ramp-record.ts';
import type { Rig } from './rig.ts';
import { type Scrape, scrapeAll } from './scrape.ts';

/** Lets the load rise to a step, and measures once it has settled. */
export async function measureStep(
  cluster: Cluster,
  rig: Rig,
  step: RampStep,
  { settleMs, measureMs }: Pick<RampPlan, 'settleMs' | 'measureMs'>,
): Promise<StepResult> {
  const crashesBefore = crashesOf(cluster);
  await rig.set(step);
  await pause(settleMs);
  const before = await scrapeAll(cluster.metrics);
  const watch = watchUsage(cluster);
  await rig.begin();
  await pause(measureMs);
  const { users, streams } = await rig.end();
  const used = watch.stop();
  const after = await scrapeAll(cluster.metrics);
  const queriesP95Ms = queriesP95(before, after);
  const openStreams = after['ingest'] && sumOf(after['ingest'], 'odograph_ingest_connections');
  return {
    ...step,
    ...(openStreams !== undefined && { openStreams }),
    requestsPerSecond: users.perSecond,
    messagesPerSecond: streams.perSecond,
    ...{ api: users.latency, acknowledged: streams.latency },
    ...(queriesP95Ms !== undefined && { queriesP95Ms }),
    errors: { requests: users.errors, messages: streams.errors },
    crashes: crashesOf(cluster) - crashesBefore,
    platform: platformUsage(used.processes, after),
    load: { users: loadUsage(users), streams: loadUsage(streams) },
    machine: machineUsage(used, users.cpuShare + streams.cpuShare),
  };
}

const crashesOf = ({ nodes }: Cluster) => nodes.reduce((sum, node) => sum + node.crashes(), 0);

const loadUsage = ({ cpuShare, loopBusy }: { cpuShare: number; loopBusy: number }) => ({
  cpuShare,
  loopBusy,
});

interface Used {
  readonly processes: Readonly<Record<string, IntervalUsage>>;
  /** Of the machine, in cores. */
  readonly busy: number;
}

function watchUsage(cluster: Cluster): { stop(): Used } {
  const processes = sampleUsage(pidsOf(cluster));
  const [startMs, startBusy] = [performance.now(), machineBusySeconds()];
  return {
    stop() {
      const seconds = (performance.now() - startMs) / 1_000;
      return { processes: processes.stop(), busy: (machineBusySeconds() - startBusy) / seconds };
    },
  };
}

/** The commands that queries consist of; what is written is measured by its acknowledgements. */
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

/** A loop's share is since the scrape before. */
function platformUsage(processes: Used['processes'], after: Scrape): StepResult['platform'] {
  return Object.fromEntries(
    Object.entries(processes).map(([name, { cpuShare, peakRssMib }]) => {
      const said = after[name];
      const loop = said && { loopBusy: sumOf(said, 'nodejs_eventloop_utilization') };
      return [name, { cpuShare, peakRssMib, ...loop }];
    }),
  );
}

/** What is watched from outside may seem to take a little more than the machine has. */
function machineUsage({ processes, busy }: Used, loadCpuShare: number): StepResult['machine'] {
  const platform = Object.values(processes).reduce((sum, { cpuShare }) => sum + cpuShare, 0);
  return { cores: coreCount(), busy, busyWithOthers: Math.max(0, busy - platform - loadCpuShare) };
}
