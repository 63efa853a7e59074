import { createHistogram, performance } from 'node:perf_hooks';
import { isFault } from '@odograph/kernel/fault';
import type { Percentiles } from '../report/run-record.ts';

/** What a load records: reports, and answers to queries. */
type Recorded = 'acknowledged' | 'committed' | 'visible' | 'answered';

/** The results of a load from `begin` to `end`. */
export interface Measured {
  readonly perSecond: Readonly<Record<Recorded, number>>;
  readonly latency: Readonly<Record<Recorded, Percentiles>>;
  /** Failures by code and, if the fault names one, limit. */
  readonly errors: Readonly<Record<string, number>>;
  /** CPU time of the process of the load; 1 is one busy core. */
  readonly cpuShare: number;
  /** The share of time in which its event loop was busy. */
  readonly loopBusy: number;
}

/** Records the results of a load, and what the load costs this process. */
export interface Recorder {
  count(what: Recorded, by: number): void;
  time(what: Recorded, ms: number): void;
  /** Counts a failure by its code. Rethrows an error that is not a Fault, which is a bug of the bench. */
  failed(error: unknown): void;
  /** Forgets everything before. */
  begin(): void;
  end(): Measured;
}

export function createRecorder(): Recorder {
  let current = createRecording();
  return {
    count(what, by) {
      current.counts[what] += by;
    },
    time: (what, ms) => current.latencies[what].record(ms),
    failed(error) {
      const what = faultLabel(error);
      current.errors[what] = (current.errors[what] ?? 0) + 1;
    },
    begin() {
      current = createRecording();
    },
    end() {
      const { counts, latencies, errors, start } = current;
      const seconds = (performance.now() - start.atMs) / 1_000;
      const { user, system } = process.cpuUsage(start.cpu);
      return {
        perSecond: byName((what) => counts[what] / seconds),
        latency: byName((what) => latencies[what].percentiles()),
        errors,
        cpuShare: (user + system) / 1e6 / seconds,
        loopBusy: performance.eventLoopUtilization(start.loop).utilization,
      };
    },
  };
}

function createRecording() {
  const errors: Record<string, number> = {};
  const loop = performance.eventLoopUtilization();
  const start = { atMs: performance.now(), cpu: process.cpuUsage(), loop };
  return { counts: byName(() => 0), latencies: byName(createLatencies), errors, start };
}

function byName<T>(make: (what: Recorded) => T): Record<Recorded, T> {
  return {
    acknowledged: make('acknowledged'),
    committed: make('committed'),
    visible: make('visible'),
    answered: make('answered'),
  };
}

/** For example `OVERLOADED, 30 connections`. */
function faultLabel(error: unknown): string {
  if (!isFault(error)) throw error;
  return error.limit === undefined ? error.code : `${error.code}, ${error.limit}`;
}

interface Latencies {
  record(ms: number): void;
  percentiles(): Percentiles;
}

/** The percentiles of times in milliseconds. */
export function percentilesOf(timesMs: readonly number[]): Percentiles {
  const latencies = createLatencies();
  for (const ms of timesMs) latencies.record(ms);
  return latencies.percentiles();
}

/** A histogram in microseconds with three significant digits. */
function createLatencies(): Latencies {
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
