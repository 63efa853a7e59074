import { findBreak, judge } from './load-bars.ts';
import { median } from './measure.ts';
import type { Ramp, Recovery, StepResult } from './run-record.ts';
import { inThreeDigits, percent, textTable } from './table.ts';

/** A run of the load as text: the steps, where each platform broke and how it recovered, and the bars. */
export function loadReport(ramps: readonly Ramp[]): string {
  return [
    stepTable(ramps, ANSWERS),
    `Of each process: cores (busy share of its event loop) peak MiB\n${stepTable(ramps, usageColumns(ramps))}`,
    ...ramps.map(endText),
    barsTable(ramps),
  ].join('\n\n');
}

/** Whether each platform passes all bars. */
export function passesAll(ramps: readonly Ramp[]): boolean {
  return ramps.every(({ steps }) => judge(steps).every(({ isPassed }) => isPassed));
}

type Column = readonly [heading: string, cell: (step: StepResult) => string];

/** A table with a row for each step; the same step of all ramps is in adjacent rows. */
function stepTable(ramps: readonly Ramp[], columns: readonly Column[]): string {
  const rows = ramps
    .flatMap(({ histories, steps }) => steps.map((step, at) => ({ at, step, histories })))
    .toSorted((a, b) => a.at - b.at || a.histories - b.histories)
    .map(({ step, histories }) => [
      ...[stepText(step), String(histories)],
      ...columns.map(([, cell]) => cell(step)),
    ]);
  return textTable([['users / streams', 'histories', ...columns.map(([heading]) => heading)], ...rows]);
}

const ANSWERS: readonly Column[] = [
  ['requests/s', (step) => whole(step.requestsPerSecond)],
  ['API p50', ({ api }) => inThreeDigits(api.p50Ms)],
  ['p95', ({ api }) => inThreeDigits(api.p95Ms)],
  ['p99 ms', ({ api }) => inThreeDigits(api.p99Ms)],
  ['messages/s', (step) => whole(step.messagesPerSecond)],
  ['ack p50', ({ acknowledged }) => inThreeDigits(acknowledged.p50Ms)],
  ['p95', ({ acknowledged }) => inThreeDigits(acknowledged.p95Ms)],
  ['p99 ms', ({ acknowledged }) => inThreeDigits(acknowledged.p99Ms)],
  ['open', ({ openStreams }) => (openStreams === undefined ? 'unknown' : whole(openStreams))],
  ['queries p95 ms', (step) => orUnknown(step.queriesP95Ms)],
  ['errors', errorText],
];

/** Cores and the maximum of memory of each process; cores of the load and of the machine. */
function usageColumns(ramps: readonly Ramp[]): readonly Column[] {
  const names = ramps.flatMap(({ steps }) => steps.flatMap(({ platform }) => Object.keys(platform)));
  return [
    ...[...new Set(names)].toSorted().map((name): Column => [name, (step) => usageCell(step.platform[name])]),
    ['load: users', ({ load }) => usageCell(load.users)],
    ['load: streams', ({ load }) => usageCell(load.streams)],
    ['machine', machineCell],
  ];
}

const whole = (value: number) => Math.round(value).toLocaleString('en-US');

export function stepText({ users, streams }: Pick<StepResult, 'users' | 'streams'>): string {
  return `${whole(users)} / ${whole(streams)}`;
}

const orUnknown = (value: number | undefined) => (value === undefined ? 'unknown' : inThreeDigits(value));

function errorText({ errors }: StepResult): string {
  const all = [...Object.entries(errors.requests), ...Object.entries(errors.messages)];
  return all.map(([what, count]) => `${count} ${what}`).join('; ') || 'none';
}

/** For example `0.52 (71 %) 138`: cores, busy share of the event loop, memory. */
function usageCell(usage: StepResult['platform'][string] | undefined): string {
  if (usage === undefined) return '';
  const { cpuShare, loopBusy, peakRssMib } = usage;
  const loop = loopBusy === undefined ? '' : ` (${percent(loopBusy)})`;
  const memory = peakRssMib === undefined ? '' : ` ${whole(peakRssMib)}`;
  return `${cpuShare.toFixed(2)}${loop}${memory}`;
}

function machineCell({ machine: { cores, busy, busyWithOthers } }: StepResult): string {
  return `${busy.toFixed(1)} of ${cores}, others ${busyWithOthers.toFixed(1)}`;
}

function platformText({ histories }: Ramp): string {
  return histories === 1 ? '1 history' : `${histories} histories`;
}

function endText(ramp: Ramp): string {
  const found = findBreak(ramp.steps);
  const last = ramp.steps.at(-1);
  if (!found)
    return `With ${platformText(ramp)} nothing broke, up to ${last ? stepText(last) : 'no step at all'}.`;
  const causes =
    found.exhausted.length > 0 ? found.exhausted : ['none of the sampled resources was exhausted'];
  return [
    `With ${platformText(ramp)} it breaks at ${stepText(found.step)}:`,
    ...found.what.map((text) => `  ${text}`),
    ...causes.map((text) => `  cause: ${text}`),
    `  ${recoveryText(ramp.recovery)}`,
  ].join('\n');
}

function recoveryText(recovery: Recovery | undefined): string {
  if (!recovery) return 'no earlier step was fine, so there is no recovery to measure';
  const { afterMs, lookedForMs, apiP95Ms } = recovery;
  const fall = `back at ${stepText(recovery)}:`;
  return afterMs === undefined
    ? `${fall} it did not recover within ${seconds(lookedForMs)}, API p95 of a second ${rangeText(apiP95Ms)} ms`
    : `${fall} latency and errors recovered after ${seconds(afterMs)}`;
}

/** The least, the median and the greatest. */
function rangeText(values: readonly number[]): string {
  return [Math.min(...values), median(values), Math.max(...values)]
    .map((value) => value.toFixed(0))
    .join(' – ');
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;

function barsTable(ramps: readonly Ramp[]): string {
  const columns = ramps.map(({ steps }) => judge(steps));
  const rows = (columns[0] ?? []).map(({ what, unit, side, bar }, at) => [
    unit === '' ? what : `${what}, ${unit}`,
    `${side === 'above' ? '>' : '<'} ${bar.toLocaleString('en-US')}`,
    ...columns.map((results) => {
      const { value, isPassed = false } = results[at] ?? {};
      return `${orUnknown(value)} ${isPassed ? 'pass' : 'FAIL'}`;
    }),
  ]);
  return textTable([['', 'bar', ...ramps.map(platformText)], ...rows]);
}
