import { expect, test, vi } from 'vitest';
import { PLANTED_BUGS } from './planted/planted-bugs.ts';
import { searchBug } from './planted/search-bug.ts';
import { runRound } from './round/run-round.ts';
import { SCENARIOS } from './scenarios/scenarios.ts';

// One platform for each core of a small machine.
vi.setConfig({ maxConcurrency: 2 });

/** Every point of an event, and one scenario of each other kind. Only a campaign runs the long ones. */
const ROUNDS: readonly (readonly [scenario: string, seed: number])[] = [
  ['at: envelope sent', 1],
  ['at: envelope acknowledged', 2],
  ['at: insert sent', 3],
  ['at: insert answered', 4],
  ['at: ledger sent', 5],
  ['at: ledger answered', 6],
  ['at: ledger checkpoint sent', 18],
  ['at: broadcast, replica', 7],
  ['at: flush sent', 8],
  ['at: flush answered', 9],
  ['at: checkpoint sent', 10],
  ['at: checkpoint answered', 11],
  ['kills', 12],
  ['takeover', 13],
  ['cuts', 14],
  ['stream restored', 15],
  ['poison', 16],
  ['at: envelope sent, small envelopes', 17],
];

function scenarioOf(name: string) {
  const scenario = SCENARIOS.find((each) => each.name === name);
  if (!scenario) throw new Error(`there is no scenario "${name}"`);
  return scenario;
}

test.concurrent.each(ROUNDS)(
  'nothing is lost, duplicated or reordered: "%s", seed %i',
  async (name, seed) => {
    const { violations, keptIn } = await runRound({ scenario: scenarioOf(name), seed });
    expect(violations, `data and logs in ${keptIn}`).toEqual([]);
  },
);

const CAUGHT: readonly string[] = ['acknowledged before it is stored', 'checkpoint before the flush'];
const MOST_ROUNDS = 3;

test.concurrent.each(PLANTED_BUGS.filter(({ name }) => CAUGHT.includes(name)))(
  'a planted bug is caught: "$name"',
  async (bug) => {
    const { rules } = await searchBug(bug, 1, MOST_ROUNDS);
    expect(rules).not.toEqual([]);
  },
);
