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

/** The lower one is that of a fleet of a few thousand vehicles, the higher one fills the machine. */
const RATES = [2_000, 10_000] as const;
/** Vehicles of the probe, each of which reports in turns beside the load. */
const PROBES = Array.from({ length: 50 }, (_, at) => `watched-${at}`);
const PROBE_EVERY_MS = 20;
/** Until the values that are asked for most are in memory, and the code of three services is compiled. */
export const CACHE_WARM_UP_MS = 10_000;
/** For what is not seen at the end yet. */
const LAST_WAIT_MS = 10_000;

/** From the commit of a report until a watcher has it, beside a load of other vehicles. */
export async function watchMeasures(plan: BenchPlan, progress: Progress): Promise<readonly Measure[]> {
  const measures: Measure[] = [];
  for (const reportsPerSecond of RATES) {
    const at = `at ${reportsPerSecond / 1_000},000/s`;
    const turns: Percentiles[] = [];
    for (let turn = 0; turn < plan.latencyRepeats; turn += 1) {
      const seen = await withPlatform(1, (platform) => watchOnce(platform, plan, reportsPerSecond), 1);
      progress(`committed → seen by a watcher, p99, ${at}`, seen.p99Ms, 'ms');
      turns.push(seen);
    }
    for (const percentile of ['p50Ms', 'p99Ms'] as const) {
      const name = `committed → seen by a watcher, ${percentile.slice(0, 3)}, ${at}`;
      const values = turns.map((turn) => turn[percentile]);
      measures.push(measureOf({ name, unit: 'ms', better: 'lower' }, values));
    }
  }
  return measures;
}

async function watchOnce(
  platform: BenchPlatform,
  { paced }: BenchPlan,
  reportsPerSecond: number,
): Promise<Percentiles> {
  const { endpoints, urls, partitions } = platform;
  const seconds = (CACHE_WARM_UP_MS + paced.measureMs) / 1_000;
  const mode = { kind: 'paced', reportsPerSecond } as const;
  const load = await startLoad({
    ...{ kind: 'drive', ...PACED_SHAPE, mode, partitions },
    ...{ ingest: endpoints.ingest, history: endpoints.histories[0] ?? '', natsUrl: urls.nats },
    prepared: Math.ceil((reportsPerSecond * seconds) / PACED_SHAPE.batch),
  });
  try {
    await load.resize(driveWorkers(mode, PACED_SHAPE.connections));
    await pause(CACHE_WARM_UP_MS);
    return await probe(platform, paced.measureMs);
  } finally {
    await load.stop();
  }
}

/** Reports one vehicle after the other, and measures from the commit of each until the watcher has it, or a newer one. */
async function probe(
  { endpoints, urls, partitions }: BenchPlatform,
  measureMs: number,
): Promise<Percentiles> {
  const commits = await watchCommits(urls.nats, partitions);
  using client = createClient({ ingest: endpoints.ingest, cache: endpoints.caches[0] });
  const ending = new AbortController();
  const seen = new Seen();
  const watching = watch(client, seen, ending.signal);
  const untilMs = performance.now() + measureMs;
  for (let at = 0; performance.now() < untilMs; at += 1) {
    const [vehicleId, observedAtMs] = [PROBES[at % PROBES.length] ?? '', Date.now()];
    void client.report([reportOf(vehicleId, at, observedAtMs)]).then(([result]) => {
      if (result?.position)
        commits.onCommitted(result.position, () => seen.committed(vehicleId, observedAtMs));
    });
    await pause(PROBE_EVERY_MS);
  }
  for (let waitedMs = 0; seen.waiting > 0 && waitedMs < LAST_WAIT_MS; waitedMs += PROBE_EVERY_MS)
    await pause(PROBE_EVERY_MS);
  ending.abort();
  await watching;
  await commits.stop();
  if (seen.waiting > 0) throw new Error(`${seen.waiting} reports were not seen within ${LAST_WAIT_MS} ms`);
  return percentilesOf(seen.times);
}

/** The reports of the probes that are committed, and what the watcher has of each vehicle. */
class Seen {
  readonly times: number[] = [];
  readonly #newest = new Map<string, number>();
  readonly #committed = new Map<string, { readonly observedAtMs: number; readonly atMs: number }[]>();

  get waiting(): number {
    return [...this.#committed.values()].reduce((sum, { length }) => sum + length, 0);
  }

  committed(vehicleId: string, observedAtMs: number): void {
    if ((this.#newest.get(vehicleId) ?? 0) >= observedAtMs) return void this.times.push(0);
    const waiting = this.#committed.get(vehicleId) ?? [];
    this.#committed.set(vehicleId, [...waiting, { observedAtMs, atMs: performance.now() }]);
  }

  seen(vehicleId: string, observedAtMs: number): void {
    const atMs = performance.now();
    this.#newest.set(vehicleId, observedAtMs);
    const waiting = this.#committed.get(vehicleId) ?? [];
    const isSeen = (report: { readonly observedAtMs: number }) => report.observedAtMs <= observedAtMs;
    for (const report of waiting.filter(isSeen)) this.times.push(atMs - report.atMs);
    this.#committed.set(
      vehicleId,
      waiting.filter((report) => !isSeen(report)),
    );
  }
}

async function watch(client: Client, seen: Seen, signal: AbortSignal): Promise<void> {
  for await (const { statuses } of client.watchStatuses({ vehicleIds: PROBES, signal }))
    for (const { status } of statuses)
      if (status?.lastObservedAtMs) seen.seen(status.vehicleId, status.lastObservedAtMs);
}

function reportOf(vehicleId: string, at: number, observedAtMs: number): Report {
  const signals = signalsToWire({ speed_kmh: at % 200, odometer_km: at });
  return { vehicleId, reportId: `p${at}`, samples: [{ observedAtMs, signals }] } as unknown as Report;
}
