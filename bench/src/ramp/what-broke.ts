import { REPORT_EVERY_MS } from './ramp-plan.ts';
import type { StepResult } from './ramp-record.ts';
import { BARS, mostMemory } from './verdict.ts';

/** Of the messages that were due. */
const LEAST_ON_TIME = 0.9;
/** Of the streams that there should be. */
const LEAST_OPEN = 0.99;
/** Of requests, and of messages. */
const MOST_ERRORS = 0.01;
/** In milliseconds: beyond it vehicles begin to be late for their next report. */
const ACKNOWLEDGED_P95_MS = 1_000;

/** Everything in which a step is not fine, in words; empty where it is. */
export function whatBroke(step: StepResult): readonly string[] {
  const { api, acknowledged, errors, crashes } = step;
  return [
    ...(crashes > 0 ? [`processes of the platform that ended: ${crashes}`] : []),
    ...tooManyErrors('requests', errors.requests, api.count),
    ...tooManyErrors('messages', errors.messages, acknowledged.count),
    ...(api.count === 0 ? ['no request was answered'] : []),
    ...beyond('API p95', api.p95Ms, BARS.apiP95Ms, 'ms'),
    ...beyond('due → acknowledged p95', acknowledged.p95Ms, ACKNOWLEDGED_P95_MS, 'ms'),
    ...beyond('MongoDB queries p95', step.queriesP95Ms, BARS.queriesP95Ms, 'ms'),
    ...beyond('RSS of ingest', mostMemory(step, /^ingest$/), BARS.rssMib, 'MiB'),
    ...beyond('RSS of history', mostMemory(step, /^history/), BARS.rssMib, 'MiB'),
    ...tooFew('streams open', step.openStreams ?? 0, step.streams, LEAST_OPEN),
    ...tooFew('messages/s', step.messagesPerSecond, dueMessages(step), LEAST_ON_TIME),
  ];
}

/** A second. */
export function dueMessages({ streams }: Pick<StepResult, 'streams'>): number {
  return (streams * 1_000) / REPORT_EVERY_MS;
}

type Errors = Readonly<Record<string, number>>;

/** Of all that was asked, answered well or not; 0 where nothing was. */
export function failedShare(errors: readonly Errors[], answered: number): number {
  const failed = errors.reduce((sum, some) => sum + countOf(some), 0);
  return failed === 0 ? 0 : failed / (failed + answered);
}

function countOf(errors: Errors): number {
  return Object.values(errors).reduce((sum, count) => sum + count, 0);
}

function tooManyErrors(of: string, errors: Errors, answered: number): readonly string[] {
  if (failedShare([errors], answered) <= MOST_ERRORS) return [];
  const failed = countOf(errors);
  const each = Object.entries(errors).map(([what, count]) => `${count} × ${what}`);
  return [`${failed} of ${failed + answered} ${of} failed (${each.join('; ')})`];
}

function beyond(what: string, measured: number | undefined, bar: number, unit: string): readonly string[] {
  if (measured === undefined || measured < bar) return [];
  return [`${what} ${Math.round(measured)} ${unit} (bar: ${bar})`];
}

function tooFew(what: string, measured: number, wanted: number, share: number): readonly string[] {
  if (measured >= share * wanted) return [];
  return [`${what}: ${Math.round(measured)} of ${Math.round(wanted)}`];
}
