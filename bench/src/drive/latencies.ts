import { createHistogram } from 'node:perf_hooks';

/** Percentiles of times, in milliseconds. */
export interface Percentiles {
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface Latencies {
  record(ms: number): void;
  percentiles(): Percentiles;
}

/** Kept in microseconds, to three digits. */
export function createLatencies(): Latencies {
  const histogram = createHistogram({ lowest: 1, highest: 600_000_000, figures: 3 });
  const at = (percentile: number) => histogram.percentile(percentile) / 1_000;
  return {
    record: (ms) => histogram.record(Math.max(1, Math.round(ms * 1_000))),
    percentiles: () => ({
      count: histogram.count,
      ...{ p50Ms: at(50), p95Ms: at(95), p99Ms: at(99), maxMs: at(100) },
    }),
  };
}
