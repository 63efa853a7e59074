import { join } from 'node:path';
import { createClient } from '@odograph/client';
import { createRandom } from '@odograph/kernel/random';
import { createFleet } from '@odograph/sources/fleet/fleet';
import { timingOf } from '../reference/child.ts';
import { measureOf, withRatio } from '../report/measure.ts';
import type { Measure } from '../report/run-record.ts';
import type { Progress } from './flat-out.ts';
import { type BenchPlan, SEED, VEHICLES } from './plan.ts';
import { type BenchPlatform, DATABASE, withPlatform } from './platform.ts';
import { sendAll } from './send-all.ts';

const FIRST = 'a fleet replayed, first time';
const AGAIN = 'a fleet replayed, again';
const SHUFFLED = 'a fleet replayed, again and shuffled';
const READ = 'the log read from its start';
const FOLLOWED = 'the log followed from its start, over gRPC';

/** Sends the same reports three times, until the log has judged them; then reads the log that they made. */
export async function replayMeasures(plan: BenchPlan, progress: Progress): Promise<readonly Measure[]> {
  const rates = new Map<string, number[]>();
  for (let turn = 0; turn < plan.repeats; turn += 1) {
    await withPlatform(1, async (platform) => {
      const note = (name: string, ms: number) => {
        const perSecond = (plan.replayed / ms) * 1_000;
        rates.set(name, [...(rates.get(name) ?? []), perSecond]);
        progress(name, perSecond, 'events/s');
      };
      const reports = reportsOf(plan.replayed);
      note(FIRST, (await sendAll(platform, reports)).tookMs);
      note(READ, await readAll(platform, plan.replayed));
      note(FOLLOWED, await followAll(platform, plan.replayed));
      note(AGAIN, (await sendAll(platform, reports)).tookMs);
      note(SHUFFLED, (await sendAll(platform, shuffled(reports))).tookMs);
    });
  }
  const [first, ...again] = [FIRST, AGAIN, SHUFFLED, READ, FOLLOWED].map((name) =>
    measureOf({ name, unit: 'events/s', better: 'higher' }, rates.get(name) ?? []),
  ) as [Measure, ...Measure[]];
  return [first, ...again.map((measure) => withRatio(measure, first))];
}

function reportsOf(count: number): readonly Uint8Array[] {
  const fleet = createFleet({ movement: 'steps', vehicles: VEHICLES, samplesPerReport: 1, seed: SEED });
  return Array.from({ length: count }, (_, at) => fleet.next(at % VEHICLES).bytes);
}

/** In another order: every report of a batch is of another vehicle and another hour. */
function shuffled(reports: readonly Uint8Array[]): readonly Uint8Array[] {
  const random = createRandom(SEED);
  const order = [...reports];
  for (let at = order.length - 1; at > 0; at -= 1) {
    const other = random.index(at + 1);
    [order[at], order[other]] = [order[other] as Uint8Array, order[at] as Uint8Array];
  }
  return order;
}

/** @returns the milliseconds that history's reader takes, in a process of its own. */
async function readAll({ urls, partitions }: BenchPlatform, events: number): Promise<number> {
  const script = join(import.meta.dirname, '../../scripts/read-log.ts');
  const options = { mongoUrl: urls.mongo, database: DATABASE, partitions, events };
  return (await timingOf(script, options)).durationMs;
}

/** @returns the milliseconds until a client has this many events of reports. */
async function followAll({ endpoints }: BenchPlatform, count: number): Promise<number> {
  using client = createClient({ history: endpoints.histories[0] ?? '' });
  const startMs = performance.now();
  let left = count;
  for await (const { events } of client.eventBatches()) {
    for (const { event } of events) if (event.type === 'TelemetryReported') left -= 1;
    if (left <= 0) break;
  }
  return performance.now() - startMs;
}
