/**
 * Breaks the platform in every way it knows, again and again, and says whether anything was lost, doubled or reordered.
 * Exit code: 1 when a round broke a guarantee, 130 when somebody ended it before its time.
 */
import { SingleBar } from 'cli-progress';
import { Command, Option } from 'commander';
import { drawRounds, runCampaign } from '../src/campaign.ts';
import { isFailed, reportOf, roundLine } from '../src/report.ts';
import type { RoundResult } from '../src/round/run-round.ts';
import { SCENARIOS } from '../src/scenarios/scenarios.ts';

const count = (text: string) => Number.parseInt(text, 10);

const { rounds, seed, scenario, atOnce } = new Command('chaos')
  .description('Breaks the platform, and says whether anything was lost, doubled or reordered')
  .option(
    '--rounds <count>',
    'how many, each scenario at least once; with --seed and --scenario: one',
    count,
    200,
  )
  .option('--seed <number>', 'of the whole run; with --scenario: of that one round', count)
  .addOption(new Option('--scenario <name>', 'only this one').choices(SCENARIOS.map(({ name }) => name)))
  .option('--at-once <count>', 'platforms at a time', count, 2)
  .parse()
  .opts<{ rounds: number; seed?: number; scenario?: string; atOnce: number }>();

const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort());
// An exit ends what runs, which a signal alone does not.
process.once('SIGTERM', () => process.exit(143));

const possible = SCENARIOS.filter(({ obstacle }) => obstacle?.() === undefined);
for (const { name, obstacle } of SCENARIOS) {
  const why = obstacle?.();
  if (why !== undefined) console.log(`left out: ${name}: ${why}`);
}
const chosen = possible.filter(({ name }) => scenario === undefined || name === scenario);
const campaignSeed = seed ?? Date.now() % 2 ** 31;
const planned =
  scenario !== undefined && seed !== undefined
    ? chosen.map((one) => ({ scenario: one, seed }))
    : drawRounds(chosen, rounds, campaignSeed);
console.log(`${planned.length} rounds, seed ${campaignSeed}, ${atOnce} at a time`);

const results: RoundResult[] = [];
const bar = new SingleBar({
  format: '{bar} {value}/{total} rounds  {broken} broken  {eta_formatted} left',
  barCompleteChar: '█',
  barIncompleteChar: '░',
  clearOnComplete: true,
  hideCursor: true,
  stream: process.stderr,
});
if (process.stderr.isTTY) bar.start(planned.length, 0, { broken: 0 });
await runCampaign({
  rounds: planned,
  atOnce,
  signal: stopping.signal,
  onResult(result) {
    results.push(result);
    if (!process.stderr.isTTY || isFailed(result)) console.log(roundLine(result));
    bar.increment(1, { broken: results.filter(isFailed).length });
  },
});
bar.stop();
console.log(`\n${reportOf(results)}`);
if (stopping.signal.aborted) process.exitCode = 130;
if (results.some(isFailed)) process.exitCode = 1;
