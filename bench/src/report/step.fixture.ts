import { dueMessages } from './load-bars.ts';
import type { StepResult } from './run-record.ts';

const quick = (count: number) => ({ count, p50Ms: 5, p95Ms: 20, p99Ms: 40, maxMs: 80 });

/** A step that is fine, except for what is given. */
export function stepOf(users: number, streams: number, otherwise: Partial<StepResult> = {}): StepResult {
  return {
    ...{ users, streams, openStreams: streams },
    ...{ requestsPerSecond: users * 1.3, messagesPerSecond: dueMessages({ streams }) },
    ...{ api: quick(10_000), acknowledged: quick(5_000), queriesP95Ms: 8 },
    errors: { requests: {}, messages: {} },
    crashes: 0,
    platform: {
      nats: { cpuShare: 0.1, peakRssMib: 60 },
      mongo: { cpuShare: 0.3, peakRssMib: 700 },
      'history-1': { cpuShare: 0.5, peakRssMib: 240, loopBusy: 0.6 },
      ingest: { cpuShare: 0.2, peakRssMib: 170, loopBusy: 0.3 },
    },
    load: { users: { cpuShare: 0.3, loopBusy: 0.4 }, streams: { cpuShare: 0.1, loopBusy: 0.2 } },
    machine: { cores: 2, busy: 1.6, busyWithOthers: 0.1 },
    ...otherwise,
  };
}
