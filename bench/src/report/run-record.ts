import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Fault } from '@odograph/kernel/fault';
import * as v from 'valibot';

const measure = v.strictObject({
  /** Unique in its run. */
  name: v.string(),
  unit: v.string(),
  /** The median of the repeats. */
  value: v.number(),
  /** The value of each repeat, in the order in which they ran. */
  repeats: v.pipe(v.array(v.number()), v.minLength(1)),
  /** The ratio to the named measure of the same run: the median over the repeats, see `ratiosTo`. */
  ratioTo: v.exactOptional(v.strictObject({ name: v.string(), value: v.number() })),
  better: v.picklist(['higher', 'lower']),
});

const machineProbe = v.strictObject({
  /** The median time until a block is on disk. */
  fsyncMs: v.number(),
  /** JSON that one core writes and reads. */
  jsonMibPerSecond: v.number(),
});

const machine = v.strictObject({
  cpus: v.number(),
  model: v.string(),
  memoryGib: v.number(),
  kernel: v.string(),
  node: v.string(),
  mongo: v.string(),
  nats: v.string(),
  /** What it could do when the run started. */
  probe: v.exactOptional(machineProbe),
});

const runFields = {
  schemaVersion: v.literal(1),
  commit: v.string(),
  /** When it started, ISO 8601 in UTC. */
  date: v.pipe(v.string(), v.isoTimestamp()),
  machine,
};

const benchRun = v.strictObject({
  ...runFields,
  form: v.picklist(['quick', 'full']),
  measures: v.array(measure),
  /** What could not be measured, and why. */
  notMeasured: v.array(v.strictObject({ name: v.string(), why: v.string() })),
});

/** Of durations, in milliseconds. */
const percentiles = v.strictObject({
  count: v.number(),
  p50Ms: v.number(),
  p95Ms: v.number(),
  p99Ms: v.number(),
  maxMs: v.number(),
});

const counts = v.record(v.string(), v.number());

const usage = v.strictObject({
  /** CPU time; 1 is one busy core. */
  cpuShare: v.number(),
  /** In MiB; for the processes of the platform. */
  peakRssMib: v.exactOptional(v.number()),
  /** The share of time in which the event loop was busy or waited for a core; for Node processes. */
  loopBusy: v.exactOptional(v.number()),
});

const step = v.strictObject({
  users: v.number(),
  streams: v.number(),
  /** As ingest counts them; absent if it did not answer. */
  openStreams: v.exactOptional(v.number()),
  requestsPerSecond: v.number(),
  /** Acknowledged ones. */
  messagesPerSecond: v.number(),
  /** From a request to its answer. */
  api: percentiles,
  /** From when a report was due to its acknowledgement. */
  acknowledged: percentiles,
  /** Of history's MongoDB queries, all replicas together; absent if they did not answer. */
  queriesP95Ms: v.exactOptional(v.number()),
  /** The number of failed requests and messages, by code and limit. */
  errors: v.strictObject({ requests: counts, messages: counts }),
  /** Processes that ended by themselves. */
  crashes: v.number(),
  platform: v.record(v.string(), usage),
  load: v.strictObject({ users: usage, streams: usage }),
  machine: v.strictObject({
    cores: v.number(),
    /** Busy cores. */
    busy: v.number(),
    /** Of those, the ones used by neither platform nor load. */
    busyWithOthers: v.number(),
  }),
});

const recovery = v.strictObject({
  /** The load after the fall. */
  users: v.number(),
  streams: v.number(),
  /** From the fall to the first good second; absent if there was none. */
  afterMs: v.exactOptional(v.number()),
  lookedForMs: v.number(),
  /** p95 of the API in each second until then. */
  apiP95Ms: v.array(v.number()),
});

const ramp = v.strictObject({
  histories: v.number(),
  steps: v.array(step),
  /** Absent if nothing broke. */
  recovery: v.exactOptional(recovery),
});

const loadRun = v.strictObject({
  ...runFields,
  form: v.picklist(['load', 'load-quick']),
  ramps: v.array(ramp),
});

const recordedRun = v.variant('form', [benchRun, loadRun]);

export type Percentiles = v.InferOutput<typeof percentiles>;
/** A value of a run, with its repeats. */
export type Measure = v.InferOutput<typeof measure>;
export type MachineProbe = v.InferOutput<typeof machineProbe>;
/** Where a run ran. Values compare only on the same machine, ratios also between machines. */
export type Machine = v.InferOutput<typeof machine>;
/** A run of `make bench` or `make bench-full`. */
export type BenchRun = v.InferOutput<typeof benchRun>;
/** The results of a step of the load. */
export type StepResult = v.InferOutput<typeof step>;
export type Recovery = v.InferOutput<typeof recovery>;
/** The load on one platform, from its rise to its fall. */
export type Ramp = v.InferOutput<typeof ramp>;
/** A run of `make load`. */
export type LoadRun = v.InferOutput<typeof loadRun>;
export type RecordedRun = v.InferOutput<typeof recordedRun>;

export const RESULTS_DIRECTORY = join(import.meta.dirname, '../../results');
/** The run that others are compared with. */
export const BASELINE_FILE = join(RESULTS_DIRECTORY, 'baseline.json');

/**
 * Records a run as `<date>-<short commit>-<form>.json`, or with `-2`, `-3` and so on if that file exists.
 * @returns the file.
 */
export function writeRun(run: RecordedRun, directory: string = RESULTS_DIRECTORY): string {
  const name = `${run.date.slice(0, 10)}-${run.commit.slice(0, 8)}-${run.form}`;
  mkdirSync(directory, { recursive: true });
  let file = join(directory, `${name}.json`);
  for (let number = 2; existsSync(file); number += 1) file = join(directory, `${name}-${number}.json`);
  writeFileSync(file, compactJson(parseRun(run)), { flag: 'wx' });
  return file;
}

/** JSON with a line for each field, and for each element of a list. */
function compactJson(run: RecordedRun): string {
  const fields = Object.entries(run).map(([name, value]) => {
    const text = Array.isArray(value)
      ? `[\n${value.map((element) => `    ${JSON.stringify(element)}`).join(',\n')}\n  ]`
      : JSON.stringify(value);
    return `  ${JSON.stringify(name)}: ${text}`;
  });
  return `{\n${fields.join(',\n')}\n}\n`;
}

/** @throws Fault NOT_FOUND if there is no such file, INVALID_INPUT with the first wrong field if it is not a recorded run. */
export function readRun(file: string): RecordedRun {
  const text = textOf(file);
  try {
    return parseRun(JSON.parse(text));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('INVALID_INPUT', `${file} is not a recorded run: ${why}`, { cause });
  }
}

/** @throws the Faults of {@link readRun}, and INVALID_INPUT if it is a run of `make load`. */
export function readBenchRun(file: string): BenchRun {
  const run = readRun(file);
  if ('measures' in run) return run;
  throw new Fault('INVALID_INPUT', `${file} is a run of make load: give a run of make bench`);
}

/**
 * The file of the run of a form that started last; the baseline is ignored.
 * @throws Fault NOT_FOUND if there is none.
 */
export function newestRunFile(form: RecordedRun['form'], directory: string = RESULTS_DIRECTORY): string {
  const names = existsSync(directory) ? readdirSync(directory) : [];
  const [newest] = names
    .filter((name) => name.endsWith('.json') && name !== basename(BASELINE_FILE))
    .map((name) => join(directory, name))
    .map((file) => ({ file, run: readRun(file) }))
    .filter(({ run }) => run.form === form)
    .toSorted((a, b) => b.run.date.localeCompare(a.run.date));
  if (newest) return newest.file;
  throw new Fault('NOT_FOUND', `${directory} has no ${form} run: run the bench in that form first`);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Fault('NOT_FOUND', `${file} cannot be read`, { cause });
  }
}

/** @throws Fault INVALID_INPUT that names the first wrong field. */
export function parseRun(value: unknown): RecordedRun {
  const result = v.safeParse(recordedRun, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new Fault('INVALID_INPUT', `${v.getDotPath(issue) ?? 'the run'}: ${issue.message}`);
}
