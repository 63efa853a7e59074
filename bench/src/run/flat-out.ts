import type { DriveMode, DriveShape } from '../load/load.ts';
import { measureEmmett, measureRawInsert } from '../reference/references.ts';
import { measureOf, withRatio } from '../report/measure.ts';
import type { BenchRun, Measure } from '../report/run-record.ts';
import { type BenchPlan, SEED, VEHICLES } from './plan.ts';
import { withPlatform } from './platform.ts';
import { createProcessorTimes, type OnDriven } from './processor-times.ts';
import { runDrive } from './run-drive.ts';

/** Reports a result as soon as it is measured. */
export type Progress = (what: string, value: number, unit: string) => void;

const RAW = 'R: raw journaled insertMany, 1 sample';
const EMMETT = 'E: Emmett on MongoDB, 1 sample';
const END_TO_END_1 = 'end to end, 1 sample';

/** As many batches in flight as ingest needs to group its writes well. */
const ACKNOWLEDGED: DriveMode = { kind: 'acknowledged', window: 6 };
/** A backlog that keeps every step busy and is bounded, so that the rate could be sustained. */
export const END_TO_END: DriveMode = { kind: 'visible', window: 6, maxBacklog: 20_000 };

/** A rate that is measured in turns. */
interface Series {
  readonly name: string;
  readonly unit: string;
  /** The rate of one turn. */
  measure(): Promise<number>;
}

/** Measures reference and platform in turns, each turn with a new platform and database. The first measure is R. */
export async function flatOutMeasures(
  plan: BenchPlan,
  mongoUrl: string,
  progress: Progress,
): Promise<readonly Measure[]> {
  const processor = createProcessorTimes();
  const series = allSeries(plan, mongoUrl, processor.add);
  const repeats = series.map((): number[] => []);
  for (let turn = 0; turn < plan.repeats; turn += 1) {
    for (const [at, { name, unit, measure }] of series.entries()) {
      const value = await measure();
      repeats[at]?.push(value);
      progress(name, value, unit);
    }
  }
  const [raw, ...ours] = series.map(({ name, unit }, at) =>
    measureOf({ name, unit, better: 'higher' }, repeats[at] ?? []),
  ) as [Measure, ...Measure[]];
  return [raw, ...ours.map((measure) => withRatio(measure, raw)), ...processor.measures()];
}

function allSeries(plan: BenchPlan, mongoUrl: string, onDriven: OnDriven): readonly Series[] {
  const drive = async (samples: number, mode: DriveMode) => {
    const driven = await withPlatform(1, (platform) =>
      runDrive(platform, shapeOf(samples), mode, plan.flatOut),
    );
    const perSecond = driven.load.perSecond[mode === END_TO_END ? 'visible' : 'acknowledged'];
    if (mode === END_TO_END)
      onDriven(driven, `${samples === 1 ? '1 sample' : `${samples} samples`}`, perSecond);
    return samples * perSecond;
  };
  const rawLoad = { ...referenceLoad(mongoUrl), events: plan.rawEvents, warmUp: 20_000 };
  return [
    {
      ...{ name: RAW, unit: 'events/s' },
      measure: async () => (await measureRawInsert(rawLoad)).eventsPerSecond,
    },
    { name: 'acknowledged, 1 sample', unit: 'reports/s', measure: () => drive(1, ACKNOWLEDGED) },
    { name: END_TO_END_1, unit: 'reports/s', measure: () => drive(1, END_TO_END) },
    { name: 'acknowledged, 10 samples', unit: 'samples/s', measure: () => drive(10, ACKNOWLEDGED) },
    { name: 'end to end, 10 samples', unit: 'samples/s', measure: () => drive(10, END_TO_END) },
  ];
}

export const shapeOf = (samplesPerReport: number): DriveShape => ({
  ...{ vehicles: VEHICLES, samplesPerReport, seed: SEED },
  ...{ connections: 4, batch: samplesPerReport === 1 ? 150 : 50 },
});

const referenceLoad = (mongoUrl: string) => ({
  mongoUrl,
  vehicles: VEHICLES,
  samplesPerReport: 1,
  seed: SEED,
});

/** Measures E once, because it is slow, and takes our ratio to it; or says why E could not be measured. */
export async function emmettMeasures(
  plan: BenchPlan,
  mongoUrl: string,
  flatOut: readonly Measure[],
  progress: Progress,
): Promise<Pick<BenchRun, 'measures' | 'notMeasured'>> {
  const load = { ...referenceLoad(mongoUrl), events: plan.emmettEvents, warmUp: 2_000 };
  const emmett = await measureEmmett(load);
  if (!emmett.isMeasured) return { measures: [], notMeasured: [{ name: EMMETT, why: emmett.why }] };
  progress(EMMETT, emmett.eventsPerSecond, 'events/s');
  const better = 'higher' as const;
  const reference = measureOf({ name: EMMETT, unit: 'events/s', better }, [emmett.eventsPerSecond]);
  const repeats = flatOut.find(({ name }) => name === END_TO_END_1)?.repeats ?? [];
  const ours = measureOf({ name: `${END_TO_END_1}, beside E`, unit: 'reports/s', better }, repeats);
  return { measures: [reference, withRatio(ours, reference)], notMeasured: [] };
}
