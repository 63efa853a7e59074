import { createRandom, seedOf } from '@odograph/kernel/random';
import { inParallel } from './in-parallel.ts';
import type { Scenario } from './round/round.ts';
import { type RoundResult, runRound } from './round/run-round.ts';

/** Scenario and seed identify a round; the same two repeat it. */
interface PlannedRound {
  readonly scenario: Scenario;
  readonly seed: number;
}

interface CampaignOptions {
  readonly rounds: readonly PlannedRound[];
  /** How many platforms run at the same time. */
  readonly atOnce: number;
  readonly onResult: (result: RoundResult) => void;
  /** After an abort no further round starts. */
  readonly signal: AbortSignal;
}

/**
 * Draws every scenario once, then by weight. The same seed draws the same rounds, and a longer campaign starts with the
 * rounds of a shorter one.
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

/** Runs rounds in order, some at the same time. If a round throws, its error is thrown when the others have ended. */
export async function runCampaign({ rounds, atOnce, onResult, signal }: CampaignOptions): Promise<void> {
  await inParallel(rounds, atOnce, async (round) => onResult(await runRound(round)), signal);
}
