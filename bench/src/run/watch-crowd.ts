import { type Client, createClient } from '@odograph/client';
import type { Report } from '@odograph/client/wire';
import { signalsToWire } from '@odograph/contracts/signals';
import { pause } from '@odograph/kernel/clock';
import { createFleet } from '@odograph/sources/fleet/fleet';
import { percentilesOf } from '../load/recorder.ts';
import { measureOf } from '../report/measure.ts';
import type { Measure } from '../report/run-record.ts';
import type { Progress } from './flat-out.ts';
import { SEED } from './plan.ts';
import { type BenchPlatform, withPlatform } from './platform.ts';
import { sendAll } from './send-all.ts';
import { sampleUsage } from './usage.ts';

const WATCHES = 20_000;
const VEHICLES = 10_000;
/** As many connections as a hundred watches each take. */
const CLIENTS = WATCHES / 100;
const OPEN_WITHIN_MS = 180_000;
const REPORTS = 500;
const REPORT_EVERY_MS = 20;
/** For what is not seen at the end yet. */
const LAST_WAIT_MS = 10_000;

/** As many watches as one cache is made for, each of one vehicle, and reports of some of these vehicles. */
export async function crowdMeasures(progress: Progress): Promise<readonly Measure[]> {
  return await withPlatform(1, (platform) => watchAll(platform, progress), 1);
}

async function watchAll(platform: BenchPlatform, progress: Progress): Promise<readonly Measure[]> {
  const { endpoints } = platform;
  const fleet = createFleet({ movement: 'steps', vehicles: VEHICLES, samplesPerReport: 1, seed: SEED });
  await sendAll(
    platform,
    Array.from({ length: VEHICLES }, (_, vehicle) => fleet.next(vehicle).bytes),
  );
  const clients = Array.from({ length: CLIENTS }, () =>
    createClient({
      ...{ ingest: endpoints.ingest, cache: endpoints.caches[0] },
      channelOptions: { 'grpc.use_local_subchannel_pool': 1 },
    }),
  );
  const usage = sampleUsage(platform.pids());
  const crowd = new Crowd();
  const ending = new AbortController();
  const startMs = performance.now();
  const watching = Array.from({ length: WATCHES }, (_, at) =>
    crowd.watch(clients[at % CLIENTS] as Client, fleet.vehicleIds[at % VEHICLES] ?? '', ending.signal),
  );
  try {
    await crowd.until(({ complete }) => complete === WATCHES, OPEN_WITHIN_MS, 'watches complete');
    const openedMs = performance.now() - startMs;
    progress(`cache, ${WATCHES} watches opened in`, openedMs / 1_000, 's');
    const [reporter] = clients as [Client];
    for (let at = 0; at < REPORTS; at += 1) {
      const vehicleId = fleet.vehicleIds[at] ?? '';
      crowd.reported(vehicleId);
      await reporter.report([reportOf(vehicleId)]);
      await pause(REPORT_EVERY_MS);
    }
    const each = WATCHES / VEHICLES;
    await crowd.until(({ times }) => times.length >= each * REPORTS, LAST_WAIT_MS, 'reports seen');
    const { p50Ms, p99Ms } = percentilesOf(crowd.times);
    progress(`reported → seen, p99, with ${WATCHES} watches`, p99Ms, 'ms');
    const peakMib = usage.stop().processes['cache-1']?.peakRssMib ?? 0;
    const what = `with ${WATCHES / 1_000},000 watches`;
    return [
      measureOf({ name: `opened, ${what}`, unit: 's', better: 'lower' }, [openedMs / 1_000]),
      measureOf({ name: `reported → seen, p50, ${what}`, unit: 'ms', better: 'lower' }, [p50Ms]),
      measureOf({ name: `reported → seen, p99, ${what}`, unit: 'ms', better: 'lower' }, [p99Ms]),
      measureOf({ name: `peak memory of cache-1, ${what}`, unit: 'MiB', better: 'lower' }, [peakMib]),
    ];
  } finally {
    ending.abort();
    await Promise.all(watching);
    for (const client of clients) client.close();
  }
}

/** What all watches have seen. */
class Crowd {
  complete = 0;
  readonly times: number[] = [];
  readonly #reportedAtMs = new Map<string, number>();
  #failure: unknown;

  /** Until the signal. */
  async watch(client: Client, vehicleId: string, signal: AbortSignal): Promise<void> {
    const onDisconnect = (failure: unknown) => {
      this.#failure ??= failure;
    };
    try {
      for await (const { isComplete, statuses } of client.watchStatuses({
        ...{ vehicleIds: [vehicleId], signal, onDisconnect },
      })) {
        const atMs = this.#reportedAtMs.get(vehicleId);
        if (isComplete) this.complete += 1;
        else if (statuses.length > 0 && atMs !== undefined) this.times.push(performance.now() - atMs);
      }
    } catch (error) {
      onDisconnect(error);
    }
  }

  reported(vehicleId: string): void {
    this.#reportedAtMs.set(vehicleId, performance.now());
  }

  async until(isDone: (crowd: Crowd) => boolean, withinMs: number, what: string): Promise<void> {
    const endMs = performance.now() + withinMs;
    while (!isDone(this)) {
      if (this.#failure) throw this.#failure;
      if (performance.now() > endMs)
        throw new Error(
          `${this.complete} watches complete, ${this.times.length} seen: not all ${what} in time`,
        );
      await pause(50);
    }
  }
}

function reportOf(vehicleId: string): Report {
  const samples = [{ observedAtMs: Date.now(), signals: signalsToWire({ speed_kmh: 77 }) }];
  return { vehicleId, reportId: 'seen-by-two', samples } as unknown as Report;
}
