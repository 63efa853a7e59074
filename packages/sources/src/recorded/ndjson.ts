import type { Sample, VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import { signalsToWire } from '@odograph/contracts/signals';
import { isSignalName, KNOWN_SIGNALS, type SignalValue } from '@odograph/kernel/signal';
import * as v from 'valibot';
import { type RecordedTime, recordedTime, reportIdOf, type SourceRow } from '../source.ts';
import type { Line } from './lines.ts';

/** Of a line, how many faults are listed. */
const MAX_FAULTS = 5;

const TIME_RULE = 'must be an ISO 8601 time, or Unix time in whole milliseconds';

const HALF_A_CHARACTER = 'has half of a surrogate pair: remove it, or write the other half';

const text = v.pipe(
  v.string('must be a string'),
  v.check((value) => value.isWellFormed(), HALF_A_CHARACTER),
);

const instant = v.pipe(
  v.union([v.string(), v.pipe(v.number(), v.safeInteger(TIME_RULE))], TIME_RULE),
  v.transform((value) => (typeof value === 'string' ? recordedTime(value) : { atMs: value })),
  v.check(
    (time: RecordedTime) => 'atMs' in time,
    ({ input }) =>
      `must be an ISO 8601 time that exists, with its offset (Z or +01:00), found ${quoted(input)}; put the text of a broken clock into clock_text`,
  ),
);

/** Values by signal name: a number, a boolean or a string, as the signal requires. */
const signals = v.pipe(
  v.custom<Readonly<Record<string, SignalValue>>>(
    isPlainObject,
    'must be an object of values by signal name',
  ),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    for (const [name, value] of Object.entries(dataset.value)) {
      const fault = faultOfSignal(name, value);
      if (fault !== undefined) addIssue({ message: `${JSON.stringify(name.slice(0, 160))} ${fault}` });
    }
  }),
);

/** Keys at the wrong level are refused, because their values would be lost. */
const inSample = v.optional(v.never('belongs into a sample, because the line has samples'));
const besideSamples = v.optional(v.never('belongs into the line, beside samples'));

const report = v.object({
  vehicle_id: text,
  report_id: v.optional(text),
  vin: v.optional(text),
  ...{ observed_at: inSample, clock_text: inSample, signals: inSample },
  samples: v.array(
    v.pipe(
      v.object(
        {
          ...{ observed_at: v.optional(instant), clock_text: v.optional(text), signals },
          ...{ vehicle_id: besideSamples, report_id: besideSamples, vin: besideSamples },
        },
        'must be an object',
      ),
      v.check(
        (sample) => (sample.observed_at === undefined) !== (sample.clock_text === undefined),
        'needs either observed_at, or clock_text if the clock gave no valid time',
      ),
    ),
    'must be an array',
  ),
});

type JsonReport = v.InferOutput<typeof report>;
type JsonSample = JsonReport['samples'][number];

/** The platform's own format, one report a line; see docs/ndjson.md. */
export async function* readNdjson(lines: AsyncIterable<Line>): AsyncGenerator<SourceRow> {
  for await (const line of lines) yield 'text' in line ? toRow(line.row, line.text) : line;
}

function toRow(row: number, line: string): SourceRow {
  const json = parseJson(line);
  if ('fault' in json) return { row, unreadable: `not valid JSON: ${json.fault}` };
  if (!isPlainObject(json.value)) return { row, unreadable: 'the line must be a JSON object' };
  const isFlat = !Object.hasOwn(json.value, 'samples');
  const parsed = v.safeParse(report, isFlat ? withOneSample(json.value) : json.value);
  if (parsed.success) return { row, report: toReport(parsed.output) };
  return { row, unreadable: shortened(parsed.issues.map((issue) => wordsOf(issue, isFlat))) };
}

/** A line that is one sample itself, in the form of a line that has samples. */
function withOneSample({ observed_at, clock_text, signals, ...line }: Readonly<Record<string, unknown>>) {
  return { ...line, samples: [{ observed_at, clock_text, signals }] };
}

function parseJson(line: string): { readonly value: unknown } | { readonly fault: string } {
  try {
    return { value: JSON.parse(line) };
  } catch (error) {
    if (error instanceof SyntaxError) return { fault: error.message };
    throw error;
  }
}

function shortened(faults: readonly string[]): string {
  const more = faults.length > MAX_FAULTS ? [`${faults.length - MAX_FAULTS} more`] : [];
  return [...faults.slice(0, MAX_FAULTS), ...more].join('; ');
}

function wordsOf(issue: v.BaseIssue<unknown>, isFlat: boolean): string {
  const path = v.getDotPath(issue) ?? '';
  const field = isFlat ? path.replace(/^samples\.0\.?/, '') : path;
  const message = issue.kind === 'schema' && issue.input === undefined ? 'is missing' : issue.message;
  return field === '' ? message : `${field} ${message}`;
}

function toReport({ vehicle_id, report_id, vin, samples }: JsonReport): VehicleReport {
  const [first] = samples;
  const reportId = report_id ?? reportIdOf(vehicle_id, first ? timeOf(first) : { clockText: 'empty' });
  return {
    vehicleId: vehicle_id,
    reportId,
    samples: samples.map(toSample),
    ...(vin === undefined ? {} : { vin }),
  };
}

function toSample(sample: JsonSample): Sample {
  const time = timeOf(sample);
  const observed =
    'atMs' in time ? { observedAtMs: time.atMs } : { observedAtMs: 0, clockText: time.clockText };
  return { ...observed, signals: signalsToWire(sample.signals) };
}

function timeOf(sample: JsonSample): RecordedTime {
  return sample.observed_at ?? { clockText: sample.clock_text ?? '' };
}

function quoted(time: RecordedTime): string {
  return 'atMs' in time ? String(time.atMs) : JSON.stringify(time.clockText.slice(0, 40));
}

function faultOfSignal(name: string, value: unknown): string | undefined {
  if (!isSignalName(name))
    return 'is not a signal name: use a known signal, or a VSS path such as Vehicle.Speed';
  const kind = Object.hasOwn(KNOWN_SIGNALS, name)
    ? KNOWN_SIGNALS[name as keyof typeof KNOWN_SIGNALS].kind
    : undefined;
  if (value === null) return 'must not be null: leave out a signal without a value';
  if (kind !== undefined) return typeof value === kind ? undefined : `must be a ${kind}`;
  if (typeof value === 'string') return value.isWellFormed() ? undefined : HALF_A_CHARACTER;
  return ['number', 'boolean'].includes(typeof value) ? undefined : 'must be a number, a boolean or a string';
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
