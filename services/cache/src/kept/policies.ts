import type { Policy } from '@odograph/cache/policy';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** What all kinds of values have in common. */
const COMMON = {
  ...{ jitter: 0.1, eagerAt: 0.8, load: { softMs: 500, hardMs: 10 * SECOND_MS } },
} as const satisfies Partial<Policy>;

const freshFor = (ms: number) => ({ load: ms, feed: ms, set: ms });

/** How long the values of each type are kept, and where. */
export const POLICIES = {
  /** The log keeps it fresh. What is loaded while the log is not followed is soon asked for again. */
  status: {
    ...COMMON,
    softTtlMs: { load: 30 * SECOND_MS, feed: 300 * SECOND_MS, set: 30 * SECOND_MS },
    ...{ hardTtlMs: 10 * MINUTE_MS, graceMs: HOUR_MS, negativeTtlMs: 5 * SECOND_MS },
    // Its files would be old before they are read.
    ...{ share: 0.7, tiers: { redis: true, files: false } },
  },
  registration: {
    ...{ ...COMMON, softTtlMs: freshFor(30 * MINUTE_MS) },
    ...{ hardTtlMs: HOUR_MS, graceMs: HOUR_MS, negativeTtlMs: 5 * SECOND_MS },
    ...{ share: 0.1, tiers: { redis: true, files: false } },
  },
  /** Pages of what is over: only a late report changes them, and the log says so. */
  samples: {
    ...{ ...COMMON, softTtlMs: freshFor(24 * HOUR_MS) },
    ...{ hardTtlMs: 25 * HOUR_MS, graceMs: HOUR_MS, negativeTtlMs: 0 },
    ...{ share: 0.1, tiers: { redis: true, files: true } },
  },
  /** The same, from as many pages as a range has. */
  series: {
    ...{ ...COMMON, softTtlMs: freshFor(24 * HOUR_MS), load: { softMs: SECOND_MS, hardMs: 30 * SECOND_MS } },
    ...{ hardTtlMs: 25 * HOUR_MS, graceMs: HOUR_MS, negativeTtlMs: 0 },
    ...{ share: 0.1, tiers: { redis: true, files: true } },
  },
} as const satisfies Readonly<Record<string, Policy>>;
