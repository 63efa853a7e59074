/**
 * Injects faults into a running platform, and checks that nothing was lost, duplicated or reordered.
 * Exit code: 1 if a round broke a rule, 130 if it was interrupted.
 */
import { countArgument, wholeNumberArgument } from '@odograph/testing/number-arguments';
import { SingleBar } from 'cli-progress';
import { Command, Option } from 'commander';
import { drawRounds, runCampaign } from '../src/campaign.ts';
import { isFailed, reportOf, roundLine } from '../src/report.ts';
import type { RoundResult } from '../src/round/run-round.ts';
import { SCENARIOS } from '../src/scenarios/scenarios.ts';

const { rounds, seed, scenario, atOnce } = new Command('chaos')
  .description('Injects faults into a platform, and checks that nothing was lost, duplicated or reordered')
  .option('--rounds <count>', 'number of rounds; with --scenario and --seed it is one', countArgument, 200)
  .option(
    '--seed <number>',
    'seed of the campaign; with --scenario it is the seed of that round',
    wholeNumberArgument,
  )
  .addOption(
    new Option('--scenario <name>', 'run only this scenario').choices(SCENARIOS.map(({ name }) => name)),
  )
  .option('--at-once <count>', 'platforms at the same time', countArgument, 2)
  .parse()
  .opts<{ rounds: number; seed?: number; scenario?: string; atOnce: number }>();

const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort());
// `exit` also ends the child processes, which the signal alone does not.
process.once('SIGTERM', () => process.exit(143));

const possible = SCENARIOS.filter(({ unsupported }) => unsupported?.() === undefined);
for (const { name, unsupported } of SCENARIOS) {
  const reason = unsupported?.();
  if (reason !== undefined) console.log(`skipped: ${name}: ${reason}`);
}
const chosen = possible.filter(({ name }) => scenario === undefined || name === scenario);
const campaignSeed = seed ?? Date.now() % 2 ** 31;
const planned =
  scenario !== undefined && seed !== undefined
    ? chosen.map((one) => ({ scenario: one, seed }))
    : drawRounds(chosen, rounds, campaignSeed);
console.log(`${planned.length} rounds, seed ${campaignSeed}, ${atOnce} at the same time`);

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
