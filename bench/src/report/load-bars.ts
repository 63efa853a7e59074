import { isJudged, JUDGED, REPORT_EVERY_MS } from '../run/load-plan.ts';
import type { StepResult } from './run-record.ts';

/** A limit for a result of a step. */
interface Bar {
  readonly what: string;
  readonly unit: '' | 'ms' | 'MiB';
  readonly bar: number;
  /** The result must be above or below the bar. */
  readonly side: 'above' | 'below';
  /** Undefined if it was not measured. */
  measured(step: StepResult): number | undefined;
}

type Measured = Bar['measured'];

const above = (what: string, bar: number, measured: Measured): Bar => {
  return { what, unit: '', side: 'above', bar, measured };
};
const below = (what: string, unit: Bar['unit'], bar: number, measured: Measured): Bar => {
  return { what, unit, side: 'below', bar, measured };
};

/** The limits of every step. */
const LIMITS: readonly Bar[] = [
  below('API p95', 'ms', 200, ({ api }) => (api.count === 0 ? undefined : api.p95Ms)),
  below('MongoDB queries p95', 'ms', 100, (step) => step.queriesP95Ms),
  below('RSS of ingest', 'MiB', 512, (step) => maxMemory(step, /^ingest$/)),
  below('RSS of history', 'MiB', 512, (step) => maxMemory(step, /^history/)),
];

/** The bars of the judged step. */
const BARS: readonly Bar[] = [
  above(`requests/s of ${JUDGED.users} users`, 1_000, (step) => step.requestsPerSecond),
  above(`messages/s of ${JUDGED.streams} streams`, 500, (step) => step.messagesPerSecond),
  above('streams on one ingest', 1_000, (step) => step.openStreams),
  ...LIMITS,
];

/** A vehicle that waits longer is late for its next report. */
const ACKNOWLEDGED = below('due → acknowledged p95', 'ms', 1_000, ({ acknowledged }) => acknowledged.p95Ms);

interface BarResult extends Bar {
  readonly value: number | undefined;
  readonly isPassed: boolean;
}

/** The bars at the judged step. What was not measured fails. */
export function judge(steps: readonly StepResult[]): readonly BarResult[] {
  const step = steps.find(isJudged);
  return BARS.map((bar) => {
    const value = step && bar.measured(step);
    return { ...bar, value, isPassed: value !== undefined && isWithin(bar, value) };
  });
}

const isWithin = ({ side, bar }: Bar, value: number) => (side === 'above' ? value > bar : value < bar);

/** Of the largest process with such a name, in MiB. */
function maxMemory({ platform }: StepResult, name: RegExp): number | undefined {
  const own = Object.entries(platform).filter(([process]) => name.test(process));
  const sizes = own.flatMap(([, { peakRssMib }]) => peakRssMib ?? []);
  return sizes.length === 0 ? undefined : Math.max(...sizes);
}

/** The first step that is not fine. */
interface Break {
  readonly step: StepResult;
  /** The step before it. */
  readonly before: StepResult | undefined;
  /** The limits that it exceeded. */
  readonly what: readonly string[];
  /** The resources that were exhausted, which is the likely cause. */
  readonly exhausted: readonly string[];
}

export function findBreak(steps: readonly StepResult[]): Break | undefined {
  const at = steps.findIndex((step) => whatBroke(step).length > 0);
  const step = steps[at];
  return step && { step, before: steps[at - 1], what: whatBroke(step), exhausted: whatWasExhausted(step) };
}

const MIN_MESSAGES_SHARE = 0.9;
const MIN_STREAMS_SHARE = 0.99;
/** Of requests, and of messages. */
const MAX_FAILED_SHARE = 0.01;

/** The limits that a step exceeds; empty if it is fine. */
export function whatBroke(step: StepResult): readonly string[] {
  const { api, acknowledged, errors, crashes, openStreams = 0, streams } = step;
  return [
    ...(crashes > 0 ? [`crashed processes of the platform: ${crashes}`] : []),
    ...tooManyErrors('requests', errors.requests, api.count),
    ...tooManyErrors('messages', errors.messages, acknowledged.count),
    ...(api.count === 0 ? ['no request was answered'] : []),
    ...[...LIMITS, ACKNOWLEDGED].flatMap((bar) => beyond(bar, bar.measured(step))),
    ...tooFew('streams open', openStreams, streams, MIN_STREAMS_SHARE),
    ...tooFew('messages/s', step.messagesPerSecond, dueMessages(step), MIN_MESSAGES_SHARE),
  ];
}

/** Per second. */
export function dueMessages({ streams }: Pick<StepResult, 'streams'>): number {
  return (streams * 1_000) / REPORT_EVERY_MS;
}

type Errors = Readonly<Record<string, number>>;

const countOf = (errors: Errors) => Object.values(errors).reduce((sum, count) => sum + count, 0);

/** The share of failures among requests and messages; 0 if there were none of either. */
export function failedShare({
  errors,
  api,
  acknowledged,
}: Pick<StepResult, 'errors' | 'api' | 'acknowledged'>): number {
  const failed = countOf(errors.requests) + countOf(errors.messages);
  return failed / Math.max(1, failed + api.count + acknowledged.count);
}

function tooManyErrors(of: string, errors: Errors, answered: number): readonly string[] {
  const failed = countOf(errors);
  if (failed <= MAX_FAILED_SHARE * (failed + answered)) return [];
  const each = Object.entries(errors).map(([what, count]) => `${count} × ${what}`);
  return [`${failed} of ${failed + answered} ${of} failed (${each.join('; ')})`];
}

function beyond(bar: Bar, value: number | undefined): readonly string[] {
  if (value === undefined || isWithin(bar, value)) return [];
  return [`${bar.what} ${Math.round(value)} ${bar.unit} (bar: ${bar.bar})`];
}

function tooFew(what: string, value: number, wanted: number, share: number): readonly string[] {
  if (value >= share * wanted) return [];
  return [`${what}: ${Math.round(value)} of ${Math.round(wanted)}`];
}

/** Of a core, of the time of an event loop, or of all cores. */
const EXHAUSTED = 0.95;
const LOAD_ALONE = 'the load generator is the limit, not the platform';
const LOAD_TOO = 'the load generator is at its limit too: the platform alone may take more';

/** An event loop that waits for a core counts as busy: on a full machine several are exhausted at less than a core each. */
export function whatWasExhausted({ platform, load, machine }: StepResult): readonly string[] {
  const processes = Object.entries(platform).flatMap(([name, usage]) => exhaustedLoop(name, usage));
  const loads = Object.entries(load).flatMap(([name, usage]) => exhaustedLoop(`load of ${name}`, usage));
  const { cores, busy, busyWithOthers } = machine;
  const others = `all ${cores} cores of the machine are busy, ${busyWithOthers.toFixed(1)} of them with others`;
  const cpu = busy >= EXHAUSTED * cores ? [others] : [];
  const isAlone = processes.length + cpu.length === 0;
  return [...processes, ...loads, ...cpu, ...(loads.length === 0 ? [] : [isAlone ? LOAD_ALONE : LOAD_TOO])];
}

/** A process without an event loop has threads, so that a core does not limit it. */
function exhaustedLoop(name: string, { cpuShare, loopBusy }: StepResult['load']['users']): readonly string[] {
  if (loopBusy === undefined || Math.max(cpuShare, loopBusy) < EXHAUSTED) return [];
  return [`${name}: event loop ${Math.round(loopBusy * 100)} % busy, ${cpuShare.toFixed(2)} of a core`];
}
