import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '@odograph/kernel/fault';
import * as v from 'valibot';

const measure = v.strictObject({
  /** Unique in its run. */
  name: v.string(),
  unit: v.string(),
  /** The median of the repeats. */
  value: v.number(),
  /** What each repeat gave, in the order in which they ran. */
  repeats: v.pipe(v.array(v.number()), v.minLength(1)),
  /** How many times the named measure of the same run this is: the median over the repeats, see `ratiosTo`. */
  ratioTo: v.exactOptional(v.strictObject({ name: v.string(), value: v.number() })),
  better: v.picklist(['higher', 'lower']),
});

const machine = v.strictObject({
  cpus: v.number(),
  model: v.string(),
  memoryGib: v.number(),
  kernel: v.string(),
  node: v.string(),
  mongo: v.string(),
  nats: v.string(),
});

/** What every recorded run says of itself. */
export const runFields = {
  schemaVersion: v.literal(1),
  commit: v.string(),
  /** When it began, ISO 8601 in UTC. */
  date: v.pipe(v.string(), v.isoTimestamp()),
  machine,
  form: v.picklist(['quick', 'full']),
};

const benchRun = v.strictObject({
  ...runFields,
  measures: v.array(measure),
  /** What the run meant to measure and could not, and why. */
  notMeasured: v.array(v.strictObject({ name: v.string(), why: v.string() })),
});

/** One number of a run, with what it came from. */
export type Measure = v.InferOutput<typeof measure>;
/** What a run ran on; numbers of two runs compare only on the same, ratios also on others. */
export type Machine = v.InferOutput<typeof machine>;
/** A run of the bench as it is recorded. */
export type BenchRun = v.InferOutput<typeof benchRun>;

/** Where runs are recorded. */
export const RESULTS_DIRECTORY = join(import.meta.dirname, '../../results');
/** The run whose ratios are to be held. */
export const BASELINE_FILE = join(RESULTS_DIRECTORY, 'baseline.json');

/** Records a run as `<date>-<short commit>-<form>.json`; gives the file. Another of the same day, commit and form is replaced. */
export function writeRun(run: BenchRun, directory: string = RESULTS_DIRECTORY): string {
  const name = `${run.date.slice(0, 10)}-${run.commit.slice(0, 8)}-${run.form}.json`;
  mkdirSync(directory, { recursive: true });
  const file = join(directory, name);
  writeFileSync(file, `${JSON.stringify(run, null, 2)}\n`);
  return file;
}

/** @throws Fault NOT_FOUND where there is no such file; INVALID_INPUT, with the first thing wrong, where it is no recorded run. */
export function readRun(file: string): BenchRun {
  const text = textOf(file);
  try {
    return parseRun(JSON.parse(text));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('INVALID_INPUT', `${file} is no recorded run: ${why}`, { cause });
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Fault('NOT_FOUND', `${file} cannot be read`, { cause });
  }
}

/** @throws an error that names the first field that is wrong. */
export function parseRun(value: unknown): BenchRun {
  const result = v.safeParse(benchRun, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new Fault('INVALID_INPUT', `${v.getDotPath(issue) ?? 'the whole'}: ${issue.message}`);
}
