import { styleText } from 'node:util';
import type { RoundResult } from './round/run-round.ts';

/** The rounds of one scenario, added up. */
interface Row {
  readonly scenario: string;
  readonly rounds: number;
  readonly failed: number;
  readonly acknowledged: number;
  readonly unknown: number;
  readonly events: number;
  readonly queries: number;
}

/** The printed report of a campaign: one line for each scenario, the violations, and the conclusion. */
export function reportOf(results: readonly RoundResult[]): string {
  const rows = [...Map.groupBy(results, ({ scenario }) => scenario)].map(([name, own]) => rowOf(name, own));
  const lines = [HEAD, ...rows.map(lineOf), lineOf(rowOf('all', results))];
  const failures = results.filter(isFailed).flatMap(describeFailure);
  return [...lines, '', ...failures, conclusionOf(results)].join('\n');
}

export const isFailed = ({ violations }: RoundResult): boolean => violations.length > 0;

/** One line for a round that has ended. */
export function roundLine({ scenario, seed, seconds, counts, violations }: RoundResult): string {
  const mark = violations.length === 0 ? styleText('green', '✓') : styleText('red', '✗');
  const numbers = `${counts.acknowledged} acknowledged, ${counts.events} events, ${counts.queries} queries`;
  return ` ${mark} ${scenario.padEnd(32)} seed ${String(seed).padEnd(11)} ${seconds.toFixed(0).padStart(3)} s  ${numbers}`;
}

function rowOf(scenario: string, results: readonly RoundResult[]): Row {
  const sum = (count: keyof RoundResult['counts']) =>
    results.reduce((total, { counts }) => total + counts[count], 0);
  return {
    ...{ scenario, rounds: results.length, failed: results.filter(isFailed).length },
    ...{
      acknowledged: sum('acknowledged'),
      unknown: sum('unknown'),
      events: sum('events'),
      queries: sum('queries'),
    },
  };
}

const WIDTHS = [32, 8, 8, 14, 10, 10, 10] as const;
const HEAD = columns(['scenario', 'rounds', 'failed', 'acknowledged', 'unknown', 'events', 'queries']);

function lineOf({ scenario, ...numbers }: Row): string {
  const { rounds, failed, acknowledged, unknown, events, queries } = numbers;
  return columns([scenario, ...[rounds, failed, acknowledged, unknown, events, queries].map(String)]);
}

function columns([first = '', ...others]: readonly string[]): string {
  return first.padEnd(WIDTHS[0]) + others.map((text, at) => text.padStart(WIDTHS[at + 1] ?? 0)).join('');
}

function describeFailure({ scenario, seed, violations, keptIn }: RoundResult): readonly string[] {
  return [
    `${scenario}, seed ${seed}: data and logs in ${keptIn}`,
    ...violations.map(({ rule, detail }) => `  ✗ ${rule}: ${detail}`),
    `  repeat it: make chaos ARGS='--scenario "${scenario}" --seed ${seed}'`,
    '',
  ];
}

function conclusionOf(results: readonly RoundResult[]): string {
  const failed = results.filter(isFailed).length;
  if (results.length === 0) return 'no rounds were run';
  const { acknowledged, events } = rowOf('all', results);
  if (failed > 0) return `${failed} of ${results.length} rounds broke a rule`;
  const held =
    'nothing acknowledged was lost, nothing is duplicated or out of order, and all views match the log';
  return `${results.length} rounds, ${acknowledged} acknowledged reports, ${events} events: ${held}`;
}
