import type { Policy } from './policy.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** What all kinds of values have in common. */
const COMMON = {
  ...{ jitter: 0.1, eagerAt: 0.8, load: { softMs: 500, hardMs: 10 * SECOND_MS } },
  ...{ graceMs: HOUR_MS, negativeTtlMs: 5 * SECOND_MS },
} as const satisfies Partial<Policy>;

const SHARED = { redis: true, files: false } as const;
const SHARED_AND_KEPT = { redis: true, files: true } as const;

const freshFor = (ms: number) => ({ load: ms, feed: ms, set: ms });

/** Of what is computed from the statuses of many vehicles: each report changes it, so it is as old as its reader accepts. */
const sumsFor = (ms: number) => ({
  ...{ ...COMMON, softTtlMs: freshFor(ms), hardTtlMs: 2 * ms, tiers: SHARED },
});

/** Of what the log says when it changes, such as samples of a range that is over. */
const untilChanged = {
  ...{ ...COMMON, softTtlMs: freshFor(DAY_MS), hardTtlMs: DAY_MS + HOUR_MS },
  ...{ negativeTtlMs: 0, tiers: SHARED_AND_KEPT },
} as const;

/** How long values of each kind are kept, and where. */
export const POLICIES = {
  /** What follows the log keeps it fresh. What is loaded while it does not is soon asked for again. */
  status: {
    ...COMMON,
    softTtlMs: { load: 30 * SECOND_MS, feed: 300 * SECOND_MS, set: 30 * SECOND_MS },
    hardTtlMs: 10 * MINUTE_MS,
    // Its files would be old before they are read.
    tiers: SHARED,
  },
  fleetCounts: sumsFor(MINUTE_MS),
  overview: sumsFor(5 * MINUTE_MS),
  registration: { ...COMMON, softTtlMs: freshFor(30 * MINUTE_MS), hardTtlMs: HOUR_MS, tiers: SHARED },
  samples: untilChanged,
  /** From as many pages of samples as its range has. */
  series: { ...untilChanged, load: { softMs: SECOND_MS, hardMs: 30 * SECOND_MS } },
  summary: { ...COMMON, softTtlMs: freshFor(HOUR_MS), hardTtlMs: 2 * HOUR_MS, tiers: SHARED_AND_KEPT },
  /** Such as the fleets and the models that there are. */
  staticList: {
    ...{ ...COMMON, softTtlMs: freshFor(DAY_MS), hardTtlMs: 2 * DAY_MS, tiers: SHARED_AND_KEPT },
  },
} as const satisfies Readonly<Record<string, Policy>>;
