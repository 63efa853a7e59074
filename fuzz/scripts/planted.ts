/**
 * Plants bugs in the platform, one at a time, and prints what was seen of each.
 * Exit code: 1 if a bug was not caught.
 */
import { wholeNumberArgument } from '@odograph/testing/number-arguments';
import { Command, Option } from 'commander';
import { PLANTED_BUGS, seenOf } from '../src/planted-bugs.ts';

const { seed, bug } = new Command('planted')
  .description('Plants bugs in the platform, and prints what was seen of each')
  .option('--seed <number>', 'seed of all inputs', wholeNumberArgument, 1)
  .addOption(new Option('--bug <name>', 'run only this bug').choices(PLANTED_BUGS.map(({ name }) => name)))
  .parse()
  .opts<{ seed: number; bug?: string }>();

// `exit` also ends the child processes, which the signal alone does not.
process.once('SIGTERM', () => process.exit(143));

for (const planted of PLANTED_BUGS.filter(({ name }) => bug === undefined || name === bug)) {
  const [seen = 'NOT CAUGHT'] = await seenOf(planted, seed);
  console.log(`${planted.name}: ${seen}`);
  if (seen === 'NOT CAUGHT') process.exitCode = 1;
}
