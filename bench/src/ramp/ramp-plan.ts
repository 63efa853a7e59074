/** How much load there is at a time. */
export interface RampStep {
  /** Each asks, reads the answer, thinks, and asks again. */
  readonly users: number;
  /** Connections to the door, each of a vehicle that reports every {@link REPORT_EVERY_MS}. */
  readonly streams: number;
}

export interface RampPlan {
  readonly form: 'quick' | 'full';
  /** Rising; one of them is the {@link JUDGED} one. */
  readonly steps: readonly RampStep[];
  /** How long the first step's load is on before anything is measured, in milliseconds: code that ran seldom is slow. */
  readonly warmUpMs: number;
  /** From the rise of the load to the measuring, in milliseconds: those who came are all at work by then. */
  readonly settleMs: number;
  readonly measureMs: number;
  /** How long to look for a recovery, in milliseconds. */
  readonly recoverWithinMs: number;
}

/** The step whose numbers have bars. More than a thousand streams, as the bar says. */
export const JUDGED: RampStep = { users: 1_000, streams: 1_100 };

/** A thousand of them make more than 500 messages a second. */
export const REPORT_EVERY_MS = 1_500;
/** Vehicles of whom there are hours to read before the load begins. Users ask about these. */
export const KNOWN_VEHICLES = 1_000;
export const SEED = 1;

const both = (count: number): RampStep => ({ users: count, streams: count });

export const PLANS: Readonly<Record<RampPlan['form'], RampPlan>> = {
  quick: {
    form: 'quick',
    steps: [{ users: 100, streams: 250 }, { users: 500, streams: 750 }, JUDGED, both(3_000)],
    warmUpMs: 4_000,
    settleMs: 2_500,
    measureMs: 6_000,
    recoverWithinMs: 15_000,
  },
  full: {
    form: 'full',
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

/** Whether a step is the one that is judged. */
export function isJudged({ users, streams }: RampStep): boolean {
  return users === JUDGED.users && streams === JUDGED.streams;
}

/** The steps up to the judged one, which are run whatever comes of them. */
export function mustRun(steps: readonly RampStep[]): number {
  return steps.findIndex(isJudged) + 1;
}
