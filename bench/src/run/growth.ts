import type { DriveMode, DriveShape } from '../load/load.ts';
import { measureOf, withRatio } from '../report/measure.ts';
import type { Measure } from '../report/run-record.ts';
import { END_TO_END, type Progress, shapeOf } from './flat-out.ts';
import { PACED_SHAPE } from './latency.ts';
import type { BenchPlan } from './plan.ts';
import { type BenchPlatform, withPlatform } from './platform.ts';
import { type Driven, type DriveTime, runDrive } from './run-drive.ts';
import { untilStored } from './until-stored.ts';

const PACED: DriveMode = { kind: 'paced', reportsPerSecond: 10_000 };
/** Between two measurements. Short, so that the log is hardly larger than it should be. */
const FILL: DriveTime = { warmUpMs: 0, measureMs: 20_000 };
/** The fleets of one drive have reported for less than this by their own clocks. */
const DRIVE_MS = 24 * 3_600_000;
const START_MS = Date.UTC(2025, 0, 1);

/** The rate and the latency of one log as it grows, as ratios to those of the smallest. None if the plan has no sizes. */
export async function growthMeasures(plan: BenchPlan, progress: Progress): Promise<readonly Measure[]> {
  if (plan.growth.length === 0) return [];
  return await withPlatform(1, async (platform) => {
    const drive = createDrives(platform);
    const measures: [Measure, Measure][] = [];
    for (const size of plan.growth) {
      while (drive.events() < size) await drive.run(shapeOf(1), END_TO_END, FILL);
      await untilStored(platform.metrics);
      const at = `after ${size / 1_000_000} M events`;
      const flatOut = await drive.run(shapeOf(1), END_TO_END, plan.flatOut);
      await untilStored(platform.metrics);
      const paced = await drive.run(PACED_SHAPE, PACED, plan.paced);
      progress(`end to end, ${at}`, flatOut.load.perSecond.visible, 'reports/s');
      progress(`acknowledged → visible, p99, at 10,000/s, ${at}`, paced.load.latency.visible.p99Ms, 'ms');
      measures.push(measuresOf(at, flatOut, paced));
    }
    const [smallest, ...larger] = measures as [[Measure, Measure], ...[Measure, Measure][]];
    return [
      ...smallest,
      ...larger.flatMap((each) => each.map((measure, at) => withRatio(measure, smallest[at] as Measure))),
    ];
  });
}

interface Drives {
  run(shape: DriveShape, mode: DriveMode, time: DriveTime): Promise<Driven>;
  /** Reports that all drives so far have sent. */
  events(): number;
}

/** Drives of the same vehicles, each a day after the one before by their own clocks: no report is a duplicate. */
function createDrives(platform: BenchPlatform): Drives {
  let startMs = START_MS;
  let events = 0;
  return {
    async run(shape, mode, time) {
      const driven = await runDrive(platform, { ...shape, startMs }, mode, time);
      startMs += DRIVE_MS;
      events += driven.load.perSecond.acknowledged * ((time.warmUpMs + time.measureMs) / 1_000);
      return driven;
    },
    events: () => events,
  };
}

function measuresOf(at: string, flatOut: Driven, paced: Driven): [Measure, Measure] {
  const rate = { name: `end to end, ${at}`, unit: 'reports/s', better: 'higher' } as const;
  const latency = {
    name: `acknowledged → visible, p99, at 10,000/s, ${at}`,
    unit: 'ms',
    better: 'lower',
  } as const;
  return [
    measureOf(rate, [flatOut.load.perSecond.visible]),
    measureOf(latency, [paced.load.latency.visible.p99Ms]),
  ];
}
