import type { BenchRun } from '../report/run-record.ts';
import type { DriveTime } from './run-drive.ts';

/** How long a form of the bench takes for each part. */
export interface BenchPlan {
  readonly form: BenchRun['form'];
  /** Turns of everything that has a ratio. */
  readonly repeats: number;
  /** For a load at the maximum rate. */
  readonly flatOut: DriveTime;
  /** For each rate. */
  readonly paced: DriveTime;
  /** Turns of all rates. */
  readonly latencyRepeats: number;
  /** Reports that are sent again, and read. */
  readonly replayed: number;
  /** Events in the log before each measurement of growth; empty: growth is not measured. */
  readonly growth: readonly number[];
  /** The number of events that the references store. */
  readonly rawEvents: number;
  readonly emmettEvents: number;
}

export const PLANS: Readonly<Record<BenchRun['form'], BenchPlan>> = {
  quick: {
    form: 'quick',
    repeats: 2,
    flatOut: { warmUpMs: 3_000, measureMs: 6_000 },
    paced: { warmUpMs: 2_000, measureMs: 8_000 },
    latencyRepeats: 3,
    replayed: 200_000,
    growth: [],
    rawEvents: 150_000,
    emmettEvents: 8_000,
  },
  full: {
    form: 'full',
    repeats: 5,
    flatOut: { warmUpMs: 5_000, measureMs: 30_000 },
    paced: { warmUpMs: 5_000, measureMs: 30_000 },
    latencyRepeats: 3,
    replayed: 200_000,
    growth: [1_000_000, 10_000_000],
    rawEvents: 400_000,
    emmettEvents: 20_000,
  },
};

export const VEHICLES = 2_000;
/** In the takeover. */
export const TAKEOVER_VEHICLES = 100_000;
export const SEED = 1;
/** The rates at which latencies are measured, in reports per second. */
export const RATES = [1_000, 10_000, 25_000] as const;
