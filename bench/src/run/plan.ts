import type { BenchRun } from '../report/results.ts';

/** How long a form of the bench takes over each thing. */
export interface BenchPlan {
  readonly form: BenchRun['form'];
  /** Of all that has a ratio, in turns. */
  readonly repeats: number;
  /** Of what flows as fast as it can. */
  readonly flatOut: { readonly warmUpMs: number; readonly measureMs: number };
  /** Of each rate. */
  readonly paced: { readonly warmUpMs: number; readonly measureMs: number };
  /** Events that the references store by the clock. */
  readonly rawEvents: number;
  readonly emmettEvents: number;
}

export const PLANS: Readonly<Record<BenchRun['form'], BenchPlan>> = {
  quick: {
    form: 'quick',
    repeats: 2,
    flatOut: { warmUpMs: 3_000, measureMs: 6_000 },
    paced: { warmUpMs: 2_000, measureMs: 8_000 },
    rawEvents: 150_000,
    emmettEvents: 8_000,
  },
  full: {
    form: 'full',
    repeats: 5,
    flatOut: { warmUpMs: 5_000, measureMs: 30_000 },
    paced: { warmUpMs: 5_000, measureMs: 30_000 },
    rawEvents: 400_000,
    emmettEvents: 20_000,
  },
};

export const VEHICLES = 2_000;
export const SEED = 1;
/** Reports a second at which latencies are taken. */
export const RATES = [1_000, 10_000, 25_000] as const;
