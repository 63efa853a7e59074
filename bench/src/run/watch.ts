import { type Client, createClient } from '@odograph/client';
import type { Report } from '@odograph/client/wire';
import { signalsToWire } from '@odograph/contracts/signals';
import { pause } from '@odograph/kernel/clock';
import { watchCommits } from '../load/commits.ts';
import { driveWorkers } from '../load/drive.ts';
import { startLoad } from '../load/load-process.ts';
import { percentilesOf } from '../load/recorder.ts';
import { measureOf } from '../report/measure.ts';
import type { Measure, Percentiles } from '../report/run-record.ts';
import type { Progress } from './flat-out.ts';
import { PACED_SHAPE } from './latency.ts';
import type { BenchPlan } from './plan.ts';
import { type BenchPlatform, withPlatform } from './platform.ts';

const REPORTS_PER_SECOND = 10_000;
/** Vehicles of the probe, each of which reports in turns beside the load. */
const PROBES = Array.from({ length: 50 }, (_, at) => `watched-${at}`);
const PROBE_EVERY_MS = 20;

/** From the commit of a report until a watcher has it, beside a load of other vehicles. */
export async function watchMeasures(plan: BenchPlan, progress: Progress): Promise<readonly Measure[]> {
  const turns: Percentiles[] = [];
  for (let turn = 0; turn < plan.latencyRepeats; turn += 1) {
    const seen = await withPlatform(1, (platform) => watchOnce(platform, plan), 1);
    progress('committed → seen by a watcher, p99', seen.p99Ms, 'ms');
    turns.push(seen);
  }
  const at = `at ${REPORTS_PER_SECOND / 1_000},000/s`;
  return (['p50Ms', 'p99Ms'] as const).map((percentile) =>
    measureOf(
      {
        name: `committed → seen by a watcher, ${percentile.slice(0, 3)}, ${at}`,
        unit: 'ms',
        better: 'lower',
      },
      turns.map((turn) => turn[percentile]),
    ),
  );
}

async function watchOnce(platform: BenchPlatform, { paced }: BenchPlan): Promise<Percentiles> {
  const { endpoints, urls, partitions } = platform;
  const seconds = (paced.warmUpMs + paced.measureMs) / 1_000;
  const mode = { kind: 'paced', reportsPerSecond: REPORTS_PER_SECOND } as const;
  const load = await startLoad({
    ...{ kind: 'drive', ...PACED_SHAPE, mode, partitions },
    ...{ ingest: endpoints.ingest, history: endpoints.histories[0] ?? '', natsUrl: urls.nats },
    prepared: Math.ceil((REPORTS_PER_SECOND * seconds) / PACED_SHAPE.batch),
  });
  try {
    await load.resize(driveWorkers(mode, PACED_SHAPE.connections));
    await pause(paced.warmUpMs);
    return await probe(platform, paced.measureMs);
  } finally {
    await load.stop();
  }
}

/** Reports one vehicle after the other, and measures from the commit of each until the watch has it. */
async function probe(
  { endpoints, urls, partitions }: BenchPlatform,
  measureMs: number,
): Promise<Percentiles> {
  const commits = await watchCommits(urls.nats, partitions);
  using client = createClient({ ingest: endpoints.ingest, cache: endpoints.caches[0] });
  const [committed, seen] = [new Map<string, number>(), new Map<string, number>()];
  const ending = new AbortController();
  const watching = watch(client, seen, ending.signal);
  const untilMs = performance.now() + measureMs;
  for (let at = 0; performance.now() < untilMs; at += 1) {
    const [vehicleId, observedAtMs] = [PROBES[at % PROBES.length] ?? '', Date.now()];
    void client.report([reportOf(vehicleId, at, observedAtMs)]).then(([result]) => {
      if (result?.position)
        commits.onCommitted(result.position, () =>
          committed.set(`${vehicleId}/${observedAtMs}`, performance.now()),
        );
    });
    await pause(PROBE_EVERY_MS);
  }
  await pause(1_000);
  ending.abort();
  await watching;
  await commits.stop();
  const times = Array.from(committed).flatMap(([report, atMs]) => {
    const seenAtMs = seen.get(report);
    return seenAtMs === undefined ? [] : [Math.max(0, seenAtMs - atMs)];
  });
  if (times.length < committed.size * 0.9)
    throw new Error(`only ${times.length} of ${committed.size} were seen`);
  return percentilesOf(times);
}

async function watch(client: Client, seen: Map<string, number>, signal: AbortSignal): Promise<void> {
  for await (const { statuses } of client.watchStatuses({ vehicleIds: PROBES, signal }))
    for (const { status } of statuses)
      if (status) seen.set(`${status.vehicleId}/${status.lastObservedAtMs}`, performance.now());
}

function reportOf(vehicleId: string, at: number, observedAtMs: number): Report {
  const signals = signalsToWire({ speed_kmh: at % 200, odometer_km: at });
  return { vehicleId, reportId: `p${at}`, samples: [{ observedAtMs, signals }] } as unknown as Report;
}
