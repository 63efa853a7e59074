import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '@odograph/engines/project-paths';
import { Fault } from '@odograph/kernel/fault';
import { seedOf } from '@odograph/kernel/random';
import { preloadEnv } from '../round/preload-env.ts';
import { ENOUGH_LOAD, runRound } from '../round/run-round.ts';
import { SCENARIOS } from '../scenarios/scenarios.ts';
import { PLANTED_BUG, type PlantedBug, plantIn } from './planted-bug.ts';

export interface BugSearch {
  readonly bug: PlantedBug;
  /** The number of rounds. */
  readonly rounds: number;
  /** The rules that the last round broke. Empty: the bug was not caught. */
  readonly rules: readonly string[];
  readonly seconds: number;
}

/** Runs the scenario of a bug until a rule is broken, at most `maxRounds` times. Throws if the bug cannot be planted. */
export async function searchBug(bug: PlantedBug, seed: number, maxRounds: number): Promise<BugSearch> {
  const startedAtMs = performance.now();
  plantIn(await readFile(join(projectRoot, bug.file), 'utf8'), bug);
  for (let rounds = 1; ; rounds += 1) {
    const rules = await brokenRules(bug, seedOf(seed, rounds) >>> 0);
    if (rules.length === 0 && rounds < maxRounds) continue;
    return { bug, rounds, rules, seconds: (performance.now() - startedAtMs) / 1_000 };
  }
}

async function brokenRules(bug: PlantedBug, seed: number): Promise<readonly string[]> {
  const scenario = SCENARIOS.find(({ name }) => name === bug.caughtBy);
  if (!scenario)
    throw new Fault('INTERNAL', `planted bug "${bug.name}": there is no scenario "${bug.caughtBy}"`);
  const env = { [PLANTED_BUG]: bug.name, ...preloadEnv(new URL('preload.ts', import.meta.url)) };
  const { violations, keptIn } = await runRound({ scenario, seed, env });
  if (keptIn !== undefined) await rm(keptIn, { recursive: true, force: true });
  // A round without enough load does not count as a catch.
  return [...new Set(violations.map(({ rule }) => rule))].filter((rule) => rule !== ENOUGH_LOAD);
}
