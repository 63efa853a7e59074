import type { Manner } from '../drive/drive-options.ts';
import { measureEmmett, measureRawInsert } from '../reference/references.ts';
import { measureOf, withRatio } from '../report/measure.ts';
import type { BenchRun, Measure } from '../report/results.ts';
import { type BenchPlan, SEED, VEHICLES } from './plan.ts';
import { type LoadShape, withPlatform } from './platform.ts';
import type { Driven } from './run-drive.ts';

/** What is measured in turns, for a ratio of each turn. */
export type Series = 'raw' | 'acknowledged1' | 'endToEnd1' | 'acknowledged10' | 'endToEnd10';

export type Repeats = Readonly<Record<Series, number[]>>;

/** Where each thing is told while it is measured. */
export type Tell = (what: string, value: number, unit: string) => void;

const RAW = 'R: raw journaled insertMany, 1 sample';
const EMMETT = 'E: Emmett on MongoDB, 1 sample';

/** As many batches under way as make the door group well, and no more. */
const ACKNOWLEDGED: Manner = { kind: 'acknowledged', window: 6 };
/** Backlog enough to keep every step busy, and bounded: what is measured can go on like that. */
const END_TO_END: Manner = { kind: 'visible', window: 6, maxBacklog: 20_000 };

const shape = (samplesPerReport: number): LoadShape => ({
  ...{ vehicles: VEHICLES, samplesPerReport, seed: SEED },
  ...{ connections: 4, batch: samplesPerReport === 1 ? 150 : 50 },
});

/** Runs references and platform in turns, each turn with a platform and a database of its own. */
export async function repeatFlatOut(plan: BenchPlan, mongoUrl: string, tell: Tell): Promise<Repeats> {
  const repeats: Repeats = { raw: [], acknowledged1: [], endToEnd1: [], acknowledged10: [], endToEnd10: [] };
  const drive = (samples: number, manner: Manner) =>
    withPlatform((platform) => platform.drive(shape(samples), manner, plan.flatOut));
  const steps: readonly (readonly [Series, string, () => Promise<number>])[] = [
    ['raw', RAW, async () => (await measureRawInsert(rawLoad(plan, mongoUrl))).eventsPerSecond],
    ['acknowledged1', 'acknowledged, 1 sample', async () => acknowledged(await drive(1, ACKNOWLEDGED))],
    ['endToEnd1', 'end to end, 1 sample', async () => visible(await drive(1, END_TO_END))],
    [
      'acknowledged10',
      'acknowledged, 10 samples',
      async () => 10 * acknowledged(await drive(10, ACKNOWLEDGED)),
    ],
    ['endToEnd10', 'end to end, 10 samples', async () => 10 * visible(await drive(10, END_TO_END))],
  ];
  for (let turn = 0; turn < plan.repeats; turn += 1) {
    for (const [series, what, measure] of steps) {
      const value = await measure();
      repeats[series].push(value);
      tell(what, value, 'samples/s');
    }
  }
  return repeats;
}

const acknowledged = ({ result }: Driven) => result.acknowledgedPerSecond;
const visible = ({ result }: Driven) => result.visiblePerSecond;

const rawLoad = ({ rawEvents }: BenchPlan, mongoUrl: string) => ({
  ...{ mongoUrl, vehicles: VEHICLES, samplesPerReport: 1, seed: SEED },
  ...{ events: rawEvents, warmUp: 20_000 },
});

/** The measures of the turns, with their ratios to R. */
export function flatOutMeasures(repeats: Repeats): readonly Measure[] {
  const about = (name: string, unit: string) => ({ name, unit, better: 'higher' as const });
  const raw = measureOf(about(RAW, 'events/s'), repeats.raw);
  const ours = (name: string, unit: string, series: Series) =>
    withRatio(measureOf(about(name, unit), repeats[series]), raw);
  return [
    raw,
    ours('acknowledged, 1 sample', 'reports/s', 'acknowledged1'),
    ours('end to end, 1 sample', 'reports/s', 'endToEnd1'),
    ours('acknowledged, 10 samples', 'samples/s', 'acknowledged10'),
    ours('end to end, 10 samples', 'samples/s', 'endToEnd10'),
  ];
}

/** E once, for it is slow: its own measure, and ours in its terms. Where it could not be had, why. */
export async function emmettMeasures(
  plan: BenchPlan,
  mongoUrl: string,
  repeats: Repeats,
  tell: Tell,
): Promise<Pick<BenchRun, 'measures' | 'notMeasured'>> {
  const load = { mongoUrl, vehicles: VEHICLES, samplesPerReport: 1, seed: SEED };
  const emmett = await measureEmmett({ ...load, events: plan.emmettEvents, warmUp: 2_000 });
  if (!emmett.isMeasured) return { measures: [], notMeasured: [{ name: EMMETT, why: emmett.why }] };
  tell(EMMETT, emmett.eventsPerSecond, 'events/s');
  const better = 'higher' as const;
  const reference = measureOf({ name: EMMETT, unit: 'events/s', better }, [emmett.eventsPerSecond]);
  const ours = measureOf(
    { name: 'end to end, 1 sample, beside E', unit: 'reports/s', better },
    repeats.endToEnd1,
  );
  return { measures: [reference, withRatio(ours, reference)], notMeasured: [] };
}
