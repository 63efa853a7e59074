import { inColumns, inThreeDigits } from '../report/words.ts';
import { findBreak } from './find-break.ts';
import { isJudged } from './ramp-plan.ts';
import type { Ramp, Recovery } from './ramp-record.ts';
import { answersTable, stepWords, usageTable } from './ramp-table.ts';
import { type VerdictLine, verdictOf } from './verdict.ts';

/** A run of the load for people: its steps, where each platform broke and how it recovered, and the verdict. */
export function loadReport(ramps: readonly Ramp[]): string {
  return [
    answersTable(ramps),
    `Of each process: cores (busy share of its event loop) peak MiB\n${usageTable(ramps)}`,
    ...ramps.map(endWords),
    verdictTable(ramps),
  ].join('\n\n');
}

/** Whether each platform holds each of its lines. */
export function holdsAll(ramps: readonly Ramp[]): boolean {
  return ramps.every((ramp) => linesOf(ramp).every(({ holds }) => holds));
}

function linesOf({ steps }: Ramp): readonly VerdictLine[] {
  return verdictOf(steps.find(isJudged));
}

function historiesWords(histories: number): string {
  return histories === 1 ? '1 history' : `${histories} histories`;
}

function endWords(ramp: Ramp): string {
  const found = findBreak(ramp.steps);
  const name = historiesWords(ramp.histories);
  const last = ramp.steps.at(-1);
  if (!found) return `With ${name} nothing broke, up to ${last ? stepWords(last) : 'nothing'}.`;
  const lines = [
    `With ${name} it breaks at ${stepWords(found.step)}:`,
    ...found.what.map((words) => `  ${words}`),
    ...(found.full.length > 0 ? found.full : ['nothing that is watched was full']).map(
      (words) => `  because of: ${words}`,
    ),
    recoveryWords(ramp.recovery),
  ];
  return lines.join('\n');
}

function recoveryWords(recovery: Recovery | undefined): string {
  if (!recovery) return '  no step before was fine: there is nothing to recover to';
  const { afterMs, lookedForMs } = recovery;
  const fall = `  back at ${stepWords(recovery)}`;
  if (afterMs === undefined) return `${fall} it was not as before within ${seconds(lookedForMs)}`;
  return `${fall} latency and errors were as before after ${seconds(afterMs)}`;
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;

function verdictTable(ramps: readonly Ramp[]): string {
  const columns = ramps.map(linesOf);
  const rows = (columns[0] ?? []).map(({ what, side, bar }, at) => [
    what,
    `${side === 'above' ? '>' : '<'} ${bar.toLocaleString('en-US')}`,
    ...columns.map((lines) => lineWords(lines[at] as VerdictLine)),
  ]);
  return inColumns([['', 'bar', ...ramps.map(({ histories }) => historiesWords(histories))], ...rows]);
}

function lineWords({ measured, holds }: VerdictLine): string {
  return `${measured === undefined ? 'not known' : inThreeDigits(measured)} ${holds ? 'pass' : 'FAIL'}`;
}
