import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { platformServices } from '@odograph/cluster/services';
import { projectRoot } from '@odograph/engines/project-paths';
import { Fault, invariant } from '@odograph/kernel/fault';
import { seedOf } from '@odograph/kernel/random';
import { plantedEnv, plantIn } from '@odograph/testing/planted-bug';
import { ENOUGH_LOAD, runRound } from '../round/run-round.ts';
import { SCENARIOS } from '../scenarios/scenarios.ts';
import type { ChaosBug } from './planted-bugs.ts';

export interface BugSearch {
  readonly bug: ChaosBug;
  /** The number of rounds. */
  readonly rounds: number;
  /** The rules that the last round broke. Empty: the bug was not caught. */
  readonly rules: readonly string[];
  readonly seconds: number;
}

/** Runs the scenario of a bug until a rule is broken, at most `maxRounds` times. Throws if the bug cannot be planted. */
export async function searchBug(bug: ChaosBug, seed: number, maxRounds: number): Promise<BugSearch> {
  const startedAtMs = performance.now();
  plantIn(await readFile(join(projectRoot, bug.file), 'utf8'), bug);
  for (let rounds = 1; ; rounds += 1) {
    const rules = await brokenRules(bug, seedOf(seed, rounds) >>> 0);
    if (rules.length === 0 && rounds < maxRounds) continue;
    return { bug, rounds, rules, seconds: (performance.now() - startedAtMs) / 1_000 };
  }
}

async function brokenRules(bug: ChaosBug, seed: number): Promise<readonly string[]> {
  const scenario = SCENARIOS.find(({ name }) => name === bug.caughtBy);
  if (!scenario)
    throw new Fault('INTERNAL', `planted bug "${bug.name}": there is no scenario "${bug.caughtBy}"`);
  const service = platformServices.find(({ name }) => name === bug.service);
  invariant(service, `there is no service ${bug.service}`);
  const env = plantedEnv({ ...bug, main: service.main });
  const { violations, keptIn } = await runRound({ scenario, seed, env });
  if (keptIn !== undefined) await rm(keptIn, { recursive: true, force: true });
  // A round without enough load does not count as a catch.
  return [...new Set(violations.map(({ rule }) => rule))].filter((rule) => rule !== ENOUGH_LOAD);
}
