import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '@odograph/engines/project-paths';
import { Fault } from '@odograph/kernel/fault';
import { seedOf } from '@odograph/kernel/random';
import { preloadEnv } from '../round/preload-env.ts';
import { NOTHING_TO_LOSE, runRound } from '../round/run-round.ts';
import { SCENARIOS } from '../scenarios/scenarios.ts';
import { PLANTED_BUG, type PlantedBug, plantIn } from './planted-bug.ts';

/** How a planted bug came to light, or that it did not. */
export interface Hunt {
  readonly bug: PlantedBug;
  /** Rounds that were run. */
  readonly rounds: number;
  /** The rules that the last of them broke; none: the bug was not caught. */
  readonly rules: readonly string[];
  readonly seconds: number;
}

/** Runs the bug's scenario until a rule is broken, or so many rounds are over. Throws where the bug has no place any more. */
export async function hunt(bug: PlantedBug, seed: number, maxRounds: number): Promise<Hunt> {
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
  if (!scenario) throw new Fault('INTERNAL', `there is no scenario "${bug.caughtBy}"`);
  const env = { [PLANTED_BUG]: bug.name, ...preloadEnv(new URL('preload.ts', import.meta.url)) };
  const { violations, keptIn } = await runRound({ scenario, seed, env });
  if (keptIn !== undefined) await rm(keptIn, { recursive: true, force: true });
  // A round in which nothing happened found nothing.
  return [...new Set(violations.map(({ rule }) => rule))].filter((rule) => rule !== NOTHING_TO_LOSE);
}
