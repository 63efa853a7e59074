/**
 * Plants bugs in the platform, one at a time, and prints the rules that caught each.
 * Exit code: 1 if a bug was not caught.
 */
import { countArgument, wholeNumberArgument } from '@odograph/testing/number-arguments';
import { Command, Option } from 'commander';
import { inParallel } from '../src/in-parallel.ts';
import { PLANTED_BUGS } from '../src/planted/planted-bugs.ts';
import { type BugSearch, searchBug } from '../src/planted/search-bug.ts';

const { rounds, seed, bug, atOnce } = new Command('planted')
  .description('Plants bugs in the platform, and prints the rules that caught each')
  .option('--rounds <count>', 'rounds for each bug at most', countArgument, 24)
  .option('--seed <number>', 'seed of all rounds', wholeNumberArgument, 1)
  .addOption(new Option('--bug <name>', 'run only this bug').choices(PLANTED_BUGS.map(({ name }) => name)))
  .option('--at-once <count>', 'platforms at the same time', countArgument, 2)
  .parse()
  .opts<{ rounds: number; seed: number; bug?: string; atOnce: number }>();

const isCaught = ({ rules }: BugSearch) => rules.length > 0;

function lineOf({ bug: { name }, rounds: taken, rules, seconds }: BugSearch): string {
  const result = rules.length > 0 ? `caught in round ${taken}` : `NOT CAUGHT in ${taken} rounds`;
  return `${name.padEnd(44)}${result.padEnd(26)}${`${seconds.toFixed(0)} s`.padStart(6)}   ${rules.join('; ')}`;
}

// `exit` also ends the child processes, which the signal alone does not.
process.once('SIGTERM', () => process.exit(143));

const searches: BugSearch[] = [];
const chosen = PLANTED_BUGS.filter(({ name }) => bug === undefined || name === bug);
await inParallel(chosen, atOnce, async (planted) => {
  const search = await searchBug(planted, seed, rounds);
  searches.push(search);
  console.log(lineOf(search));
});
console.log(`\n${searches.filter(isCaught).length} of ${searches.length} planted bugs were caught`);
if (!searches.every(isCaught)) process.exitCode = 1;
