import type { LoadRun } from '../report/run-record.ts';

/** An amount of load. */
export interface LoadStep {
  readonly users: number;
  /** Connections to ingest, each of a vehicle that reports every {@link REPORT_EVERY_MS}. */
  readonly streams: number;
}

export interface LoadPlan {
  readonly form: LoadRun['form'];
  /** Rising; one of them is {@link JUDGED}. */
  readonly steps: readonly LoadStep[];
  /** Time at the first step before anything is measured, in milliseconds: the code must be compiled. */
  readonly warmUpMs: number;
  /** From the rise of the load to the measurement, in milliseconds: until then all new workers work. */
  readonly settleMs: number;
  readonly measureMs: number;
  /** The maximum time to wait for a recovery, in milliseconds. */
  readonly recoverWithinMs: number;
}

/** The step whose results have bars. */
export const JUDGED: LoadStep = { users: 1_000, streams: 1_100 };

/** A thousand vehicles send more than 500 messages per second. */
export const REPORT_EVERY_MS = 1_500;
/** Vehicles with some hours of samples, which the users ask about. */
export const KNOWN_VEHICLES = 1_000;
export const SEED = 1;

const both = (count: number): LoadStep => ({ users: count, streams: count });

export const LOAD_PLANS: Readonly<Record<LoadRun['form'], LoadPlan>> = {
  'load-quick': {
    form: 'load-quick',
    steps: [{ users: 100, streams: 250 }, { users: 500, streams: 750 }, JUDGED, both(3_000)],
    warmUpMs: 4_000,
    settleMs: 2_500,
    measureMs: 6_000,
    recoverWithinMs: 15_000,
  },
  load: {
    form: 'load',
    steps: [
      { users: 100, streams: 250 },
      { users: 200, streams: 500 },
      { users: 500, streams: 750 },
      JUDGED,
      ...[1_500, 2_000, 3_000, 4_000, 6_000, 8_000].map(both),
    ],
    warmUpMs: 10_000,
    settleMs: 5_000,
    measureMs: 18_000,
    recoverWithinMs: 45_000,
  },
};

export function isJudged({ users, streams }: LoadStep): boolean {
  return users === JUDGED.users && streams === JUDGED.streams;
}
