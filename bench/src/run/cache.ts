import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createClient } from '@odograph/client';
import { startEngine } from '@odograph/engines/start-engine';
import { pause } from '@odograph/kernel/clock';
import { createFleet } from '@odograph/sources/fleet/fleet';
import type { AsksOptions } from '../load/load.ts';
import { startLoad } from '../load/load-process.ts';
import type { Measured } from '../load/recorder.ts';
import type { LevelOptions, LevelResults } from '../paths/cache-levels.ts';
import { outputOf } from '../reference/child.ts';
import { measureBentocache } from '../reference/references.ts';
import { measureOf, withRatio } from '../report/measure.ts';
import type { BenchRun, Measure } from '../report/run-record.ts';
import type { Progress } from './flat-out.ts';
import { type BenchPlan, SEED } from './plan.ts';
import { type BenchPlatform, withPlatform } from './platform.ts';
import { sendAll } from './send-all.ts';
import { untilStored } from './until-stored.ts';
import { CACHE_WARM_UP_MS, watchMeasures } from './watch.ts';
import { crowdMeasures } from './watch-crowd.ts';

type Measures = Pick<BenchRun, 'measures' | 'notMeasured'>;

/** Most reads are of few values: those that are asked for most. */
const LEVELS: Omit<LevelOptions, 'redisUrl'> = {
  ...{ entries: 1_000, reads: 2_000_000, writes: 50_000, statuses: 25_000 },
};
const BENTOCACHES = [
  { name: 'B: bentocache, read from memory', of: 'B', serialize: false },
  { name: 'B by default, which holds JSON', of: 'B by default', serialize: true },
] as const;

/** The levels of the cache beside what they stand on, then the cache beside history, and what its watchers see. */
export async function cacheMeasures(plan: BenchPlan, progress: Progress): Promise<Measures> {
  const levels = await levelMeasures(plan, progress);
  const asked = await askMeasures(plan, progress);
  return {
    measures: [
      ...levels.measures,
      ...asked,
      ...(await watchMeasures(plan, progress)),
      ...(await crowdMeasures(progress)),
    ],
    notMeasured: levels.notMeasured,
  };
}

async function levelMeasures(plan: BenchPlan, progress: Progress): Promise<Measures> {
  const turns: LevelResults[] = [];
  for (let turn = 0; turn < plan.repeats; turn += 1) turns.push(await levelsOnce());
  const of = (name: string, unit: string, pick: (turn: LevelResults) => number) =>
    measureOf({ name, unit, better: 'higher' }, turns.map(pick));
  const lru = of('lru-cache, read', 'reads/s', ({ lruReads }) => lruReads);
  const memory = of('cache, read from memory', 'reads/s', ({ cacheReads }) => cacheReads);
  const plain = of('Redis, plain SET', 'writes/s', ({ plainWrites }) => plainWrites);
  const guarded = of('cache, guarded write to Redis', 'writes/s', ({ guardedWrites }) => guardedWrites);
  const held = measureOf(
    { name: 'cache, heap held by bytes counted', unit: '×', better: 'lower' },
    turns.map(({ heldPerCounted }) => heldPerCounted),
  );
  progress('cache, read from memory', memory.value, 'reads/s');
  progress('cache, guarded write to Redis', guarded.value, 'writes/s');
  const ours = [lru, withRatio(memory, lru), plain, withRatio(guarded, plain), held];
  const beside = await besideBentocache(memory);
  return { measures: [...ours, ...beside.measures], notMeasured: beside.notMeasured };
}

async function besideBentocache(memory: Measure): Promise<Measures> {
  const [measures, notMeasured]: [Measure[], BenchRun['notMeasured']] = [[], []];
  for (const { name, of, serialize } of BENTOCACHES) {
    const rate = await measureBentocache({
      ...{ entries: LEVELS.entries, reads: LEVELS.reads / 10, serialize },
    });
    if (!rate.isMeasured) {
      notMeasured.push({ name, why: rate.why });
      continue;
    }
    const reference = measureOf({ name, unit: 'reads/s', better: 'higher' }, [rate.perSecond]);
    const beside = { ...memory, name: `cache, read from memory, beside ${of}` };
    measures.push(reference, withRatio(beside, reference));
  }
  return { measures, notMeasured };
}

async function levelsOnce(): Promise<LevelResults> {
  const dataDir = await mkdtemp(join(tmpdir(), 'odograph-bench-redis-'));
  const redis = await startEngine('redis', { dataDir });
  try {
    const script = resolve(import.meta.dirname, '../../scripts/cache-levels.ts');
    return JSON.parse(await outputOf(script, { ...LEVELS, redisUrl: redis.url }, [], ['--expose-gc']));
  } finally {
    await redis.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

const VEHICLES = 100_000;
const CALLERS = 64;
/** As fast as answers come, and as people and pages ask: then the values that are asked for most are in memory. */
const PAUSES = [
  { pauseMs: 0, how: `${CALLERS} callers without pauses` },
  { pauseMs: 100, how: `${CALLERS} callers, 10/s each` },
] as const;
const CACHES = 3;
/** On each cache, for one value that none has. */
const COLD_CALLERS = 1_000;

async function askMeasures(plan: BenchPlan, progress: Progress): Promise<readonly Measure[]> {
  return await withPlatform(
    1,
    async (platform) => {
      const fleet = createFleet({ movement: 'steps', vehicles: VEHICLES, samplesPerReport: 1, seed: SEED });
      await sendAll(
        platform,
        Array.from({ length: VEHICLES }, (_, vehicle) => fleet.next(vehicle).bytes),
      );
      await untilStored(platform.metrics);
      const measures: Measure[] = [];
      for (const { pauseMs, how } of PAUSES)
        measures.push(...(await askInTurns(platform, pauseMs, how, plan)));
      const p95 = measures.findLast(({ name }) => name.startsWith('cache, status, p95'));
      progress('cache, status, p95', p95?.value ?? 0, 'ms');
      const loads = await coldLoads(platform, fleet.vehicleIds[7] ?? '');
      progress('cache, loads of a cold value', loads, 'loads');
      const name = `cache, loads for ${CACHES} × 1,000 callers of a cold value`;
      return [...measures, measureOf({ name, unit: 'loads', better: 'lower' }, [loads])];
    },
    CACHES,
  );
}

async function askInTurns(
  platform: BenchPlatform,
  pauseMs: number,
  how: string,
  plan: BenchPlan,
): Promise<readonly Measure[]> {
  const of: Record<Asked, Measured[]> = { cache: [], history: [] };
  const hits: number[] = [];
  for (let turn = 0; turn < plan.repeats; turn += 1) {
    const asks = { pauseMs, draws: 1_000 * pauseMs + turn };
    of.history.push(await ask(platform, 'history', asks, plan));
    const before = await answersOf(platform);
    of.cache.push(await ask(platform, 'cache', asks, plan));
    hits.push(hitRatio(before, await answersOf(platform)));
  }
  const name = `cache, hits, ${VEHICLES / 1_000},000 vehicles, Zipf, ${how}`;
  return [...latencies(of, how), measureOf({ name, unit: 'share', better: 'higher' }, hits)];
}

type Asked = 'cache' | 'history';

async function ask(
  { endpoints }: BenchPlatform,
  of: Asked,
  asks: Pick<AsksOptions, 'pauseMs' | 'draws'>,
  { paced }: BenchPlan,
): Promise<Measured> {
  const endpoint = (of === 'cache' ? endpoints.caches[0] : endpoints.histories[0]) ?? '';
  const load = await startLoad({ kind: 'asks', of, endpoint, vehicles: VEHICLES, seed: SEED, ...asks });
  try {
    await load.resize(CALLERS);
    await pause(CACHE_WARM_UP_MS);
    await load.begin();
    await pause(paced.measureMs);
    return await load.end();
  } finally {
    await load.stop();
  }
}

function latencies(of: Readonly<Record<Asked, readonly Measured[]>>, how: string): readonly Measure[] {
  const measures = (['p50Ms', 'p95Ms', 'p99Ms'] as const).flatMap((percentile) => {
    const measure = (name: Asked) =>
      measureOf(
        { name: `${name}, status, ${percentile.slice(0, 3)}, ${how}`, unit: 'ms', better: 'lower' },
        of[name].map(({ latency }) => latency.answered[percentile]),
      );
    const history = measure('history');
    return [history, withRatio(measure('cache'), history)];
  });
  const rate = (name: Asked) =>
    measureOf(
      { name: `${name}, status, ${how}`, unit: 'answers/s', better: 'higher' },
      of[name].map(({ perSecond }) => perSecond.answered),
    );
  const history = rate('history');
  return [...measures, history, withRatio(rate('cache'), history)];
}

type Answers = Readonly<Record<string, number>>;

async function answersOf({ endpoints }: BenchPlatform): Promise<Answers> {
  using client = createClient({ cache: endpoints.caches[0] });
  const { types } = await client.cacheStats();
  return types.find(({ type }) => type === 'status')?.answers ?? {};
}

function hitRatio(before: Answers, after: Answers): number {
  const grown = (name: string) => (after[name] ?? 0) - (before[name] ?? 0);
  const all = ['memory', 'redis', 'files', 'source'].map(grown).reduce((sum, each) => sum + each, 0);
  return 1 - grown('source') / all;
}

/** How often history is asked for a value that no level has, by all callers of all caches together. */
async function coldLoads({ endpoints }: BenchPlatform, vehicleId: string): Promise<number> {
  const clients = endpoints.caches.map((cache) => createClient({ cache }));
  try {
    const loads = async () => {
      const stats = await Promise.all(clients.map((client) => client.cacheStats()));
      return stats.flatMap(({ types }) => types).reduce((sum, type) => sum + type.loads, 0);
    };
    await clients[0]?.invalidateCache({ keys: [`status:${vehicleId}`] });
    // Until all caches have it.
    await pause(500);
    const before = await loads();
    await Promise.all(
      clients.flatMap((client) => Array.from({ length: COLD_CALLERS }, () => client.latestStatus(vehicleId))),
    );
    return (await loads()) - before;
  } finally {
    for (const client of clients) client.close();
  }
}
