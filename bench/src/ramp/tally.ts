import { performance } from 'node:perf_hooks';
import { isFault } from '@odograph/kernel/fault';
import { createLatencies } from '../drive/latencies.ts';
import type { Measured } from './load-part.ts';

/** Counts what comes of a load, and what making it takes of this process. */
export interface Tally {
  done(ms: number): void;
  failed(error: unknown): void;
  /** Forgets what came before. */
  begin(): void;
  end(): Measured;
}

export function createTally(): Tally {
  let errors: Record<string, number> = {};
  let latencies = createLatencies();
  let start = look();
  return {
    done: (ms) => latencies.record(ms),
    failed(error) {
      const what = faultWords(error);
      errors[what] = (errors[what] ?? 0) + 1;
    },
    begin() {
      errors = {};
      latencies = createLatencies();
      start = look();
    },
    end() {
      const seconds = (performance.now() - start.atMs) / 1_000;
      const { user, system } = process.cpuUsage(start.cpu);
      const latency = latencies.percentiles();
      return {
        perSecond: latency.count / seconds,
        ...{ latency, errors },
        cpuShare: (user + system) / 1e6 / seconds,
        loopBusy: performance.eventLoopUtilization(start.loop).utilization,
      };
    },
  };
}

const look = () => ({
  atMs: performance.now(),
  cpu: process.cpuUsage(),
  loop: performance.eventLoopUtilization(),
});

/** Such as `OVERLOADED, 30 connections`. Throws again what is no fault: it is this program's own. */
export function faultWords(error: unknown): string {
  if (!isFault(error)) throw error;
  return error.limit === undefined ? error.code : `${error.code}, ${error.limit}`;
}
