import { createRandom, seedOf } from '@odograph/kernel/random';
import { type RoundResult, runRound } from './round/run-round.ts';
import type { Scenario } from './round/stage.ts';

/** A round that is to be run: scenario and seed name it, and run it again. */
export interface PlannedRound {
  readonly scenario: Scenario;
  readonly seed: number;
}

export interface CampaignOptions {
  readonly rounds: readonly PlannedRound[];
  /** Platforms at a time. */
  readonly atOnce: number;
  /** Settings of the services on top of each scenario's. */
  readonly env?: NodeJS.ProcessEnv;
  readonly onResult: (result: RoundResult) => void;
  /** Aborted: no further round begins. */
  readonly signal: AbortSignal;
}

/**
 * Draws rounds: every scenario once, then by their weights. The same seed draws the same rounds, and the first of many
 * are those of few.
 */
export function drawRounds(
  scenarios: readonly Scenario[],
  count: number,
  seed: number,
): readonly PlannedRound[] {
  const random = createRandom(seed);
  const weightOf = ({ weight = 1 }: Scenario) => weight;
  const total = scenarios.reduce((sum, scenario) => sum + weightOf(scenario), 0);
  return Array.from({ length: count }, (_, at) => {
    let left = random.next() * total;
    const drawn = scenarios.find((scenario) => {
      left -= weightOf(scenario);
      return left < 0;
    });
    const scenario = scenarios[at] ?? drawn ?? (scenarios[0] as Scenario);
    return { scenario, seed: seedOf(seed, at) >>> 0 };
  });
}

/** Runs rounds, some at a time, in order. A round that throws is thrown on once the others under way have ended. */
export async function runCampaign({ rounds, atOnce, env, onResult, signal }: CampaignOptions): Promise<void> {
  const left = [...rounds];
  async function work(): Promise<void> {
    for (let next = left.shift(); next && !signal.aborted; next = left.shift()) {
      onResult(await runRound({ ...next, ...(env && { env }) }));
    }
  }
  const workers = await Promise.allSettled(Array.from({ length: atOnce }, work));
  for (const worker of workers) if (worker.status === 'rejected') throw worker.reason;
}
