import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { RESULTS_DIRECTORY, runFields } from '../report/results.ts';

const milliseconds = v.strictObject({
  count: v.number(),
  p50Ms: v.number(),
  p95Ms: v.number(),
  p99Ms: v.number(),
  maxMs: v.number(),
});

const counts = v.record(v.string(), v.number());

const usage = v.strictObject({
  /** CPU time; 1 is one core kept busy. */
  cpuShare: v.number(),
  /** The most memory seen, in MiB; of the platform's processes. */
  peakRssMib: v.exactOptional(v.number()),
  /** How much of the time the event loop had something to do, or waited for a core; of those that run on Node. */
  loopBusy: v.exactOptional(v.number()),
});

const step = v.strictObject({
  users: v.number(),
  streams: v.number(),
  /** What the door itself counts; absent where it did not answer. */
  openStreams: v.exactOptional(v.number()),
  requestsPerSecond: v.number(),
  /** Acknowledged ones. */
  messagesPerSecond: v.number(),
  /** From a request to its answer. */
  api: milliseconds,
  /** From when a report was due to its acknowledgement. */
  acknowledged: milliseconds,
  /** Of what history asks MongoDB, of all replicas; absent where they did not say. */
  queriesP95Ms: v.exactOptional(v.number()),
  /** How many requests, and messages, failed in all, by code and limit. */
  errors: v.strictObject({ requests: counts, messages: counts }),
  /** Processes that ended without having been told to. */
  crashes: v.number(),
  platform: v.record(v.string(), usage),
  load: v.strictObject({ users: usage, streams: usage }),
  machine: v.strictObject({
    cores: v.number(),
    /** Cores kept busy, by whomever. */
    busy: v.number(),
    /** Those of them that were busy with neither platform nor load. */
    busyWithOthers: v.number(),
  }),
});

const recovery = v.strictObject({
  /** What the load fell back to. */
  users: v.number(),
  streams: v.number(),
  /** From the fall to the first second of those that were as before; absent where there were none. */
  afterMs: v.exactOptional(v.number()),
  lookedForMs: v.number(),
});

const ramp = v.strictObject({
  histories: v.number(),
  steps: v.array(step),
  /** Absent where nothing broke. */
  recovery: v.exactOptional(recovery),
});

const loadRun = v.strictObject({
  ...runFields,
  ramps: v.array(ramp),
});

/** What a step of a ramp came to. */
export type StepResult = v.InferOutput<typeof step>;
export type Recovery = v.InferOutput<typeof recovery>;
/** The load on one platform, from its rise to its fall. */
export type Ramp = v.InferOutput<typeof ramp>;
export type LoadRun = v.InferOutput<typeof loadRun>;

/** In a directory of its own: what lies beside it is compared with one another. */
const DIRECTORY = join(RESULTS_DIRECTORY, 'load');

/** Records a run as `load/<date>-<short commit>-<form>.json`; gives the file. Another of the same name is replaced. */
export function writeLoadRun(run: LoadRun, directory: string = DIRECTORY): string {
  const name = `${run.date.slice(0, 10)}-${run.commit.slice(0, 8)}-${run.form}.json`;
  mkdirSync(directory, { recursive: true });
  const file = join(directory, name);
  writeFileSync(file, `${JSON.stringify(v.parse(loadRun, run), null, 2)}\n`);
  return file;
}
