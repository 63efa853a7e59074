/**
 * Breaks the platform's own code on purpose, one fault at a time, and says which rule caught it.
 * Exit code: 1 when one of them was not caught.
 */
import { Command, Option } from 'commander';
import { type Hunt, hunt } from '../src/planted/hunt.ts';
import { PLANTED_BUGS } from '../src/planted/planted-bugs.ts';

const count = (text: string) => Number.parseInt(text, 10);

const { rounds, seed, bug, atOnce } = new Command('planted')
  .description('Plants faults in the platform, and says which rule caught each')
  .option('--rounds <count>', 'how many a bug may take', count, 6)
  .option('--seed <number>', 'of all rounds', count, 1)
  .addOption(new Option('--bug <name>', 'only this one').choices(PLANTED_BUGS.map(({ name }) => name)))
  .option('--at-once <count>', 'platforms at a time', count, 2)
  .parse()
  .opts<{ rounds: number; seed: number; bug?: string; atOnce: number }>();

const left = PLANTED_BUGS.filter(({ name }) => bug === undefined || name === bug);
const isCaught = ({ rules }: Hunt) => rules.length > 0;

function lineOf({ bug: { name }, rounds: taken, rules, seconds }: Hunt): string {
  const where = rules.length > 0 ? `caught in round ${taken}` : `NOT CAUGHT in ${taken} rounds`;
  return `${name.padEnd(36)}${where.padEnd(26)}${`${seconds.toFixed(0)} s`.padStart(6)}   ${rules.join('; ')}`;
}

// An exit ends what runs, which a signal alone does not.
process.once('SIGTERM', () => process.exit(143));

const hunts: Hunt[] = [];
async function work(): Promise<void> {
  for (let next = left.shift(); next; next = left.shift()) {
    const done = await hunt(next, seed, rounds);
    hunts.push(done);
    console.log(lineOf(done));
  }
}
await Promise.all(Array.from({ length: atOnce }, work));
console.log(`\n${hunts.filter(isCaught).length} of ${hunts.length} planted bugs were caught`);
if (!hunts.every(isCaught)) process.exitCode = 1;
