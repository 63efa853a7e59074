import { inColumns, inThreeDigits, percent } from '../report/words.ts';
import type { Ramp, StepResult } from './ramp-record.ts';

const ANSWERS = [
  ...['users / streams', 'histories', 'requests/s', 'API p50', 'p95', 'p99 ms'],
  ...['messages/s', 'ack p50', 'p95', 'p99 ms', 'open', 'queries p95 ms', 'errors'],
];

/** What came of each step, the platforms below one another. */
export function answersTable(ramps: readonly Ramp[]): string {
  const rows = bySteps(ramps).map(({ step, histories }) => [
    ...[stepWords(step), String(histories)],
    ...[whole(step.requestsPerSecond), ...times(step.api)],
    ...[whole(step.messagesPerSecond), ...times(step.acknowledged)],
    step.openStreams === undefined ? 'not known' : whole(step.openStreams),
    step.queriesP95Ms === undefined ? 'not known' : inThreeDigits(step.queriesP95Ms),
    errorWords(step),
  ]);
  return inColumns([ANSWERS, ...rows]);
}

/** What each step took: cores, and the most memory in MiB; of the load, and of the machine, cores. */
export function usageTable(ramps: readonly Ramp[]): string {
  const steps = bySteps(ramps);
  const names = [...new Set(steps.flatMap(({ step }) => Object.keys(step.platform)))].toSorted();
  const headings = ['users / streams', 'histories', ...names, 'load: users', 'load: streams', 'machine'];
  const rows = steps.map(({ step, histories }) => [
    ...[stepWords(step), String(histories)],
    ...names.map((name) => usageWords(step.platform[name])),
    ...[usageWords(step.load.users), usageWords(step.load.streams), machineWords(step.machine)],
  ]);
  return inColumns([headings, ...rows]);
}

interface Row {
  readonly step: StepResult;
  readonly histories: number;
}

/** The same step of all ramps, one after the other. */
function bySteps(ramps: readonly Ramp[]): readonly Row[] {
  const longest = ramps.reduce((most, { steps }) => Math.max(most, steps.length), 0);
  return Array.from({ length: longest }, (_, at) => at).flatMap((at) =>
    ramps.flatMap(({ histories, steps }) => {
      const step = steps[at];
      return step === undefined ? [] : [{ step, histories }];
    }),
  );
}

const whole = (value: number) => Math.round(value).toLocaleString('en-US');

export function stepWords({ users, streams }: Pick<StepResult, 'users' | 'streams'>): string {
  return `${whole(users)} / ${whole(streams)}`;
}

function times({ p50Ms, p95Ms, p99Ms }: StepResult['api']): readonly string[] {
  return [p50Ms, p95Ms, p99Ms].map(inThreeDigits);
}

function errorWords({ errors }: StepResult): string {
  const all = [...Object.entries(errors.requests), ...Object.entries(errors.messages)];
  return all.map(([what, count]) => `${count} ${what}`).join('; ') || 'none';
}

/** Such as `0.52 (71 %) 138`: cores, how busy its event loop is, memory. */
function usageWords(usage: StepResult['platform'][string] | undefined): string {
  if (usage === undefined) return '';
  const { cpuShare, loopBusy, peakRssMib } = usage;
  const loop = loopBusy === undefined ? '' : ` (${percent(loopBusy)})`;
  const memory = peakRssMib === undefined ? '' : ` ${whole(peakRssMib)}`;
  return `${cpuShare.toFixed(2)}${loop}${memory}`;
}

function machineWords({ cores, busy, busyWithOthers }: StepResult['machine']): string {
  return `${busy.toFixed(1)} of ${cores}, others ${busyWithOthers.toFixed(1)}`;
}
