import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judge } from '../verdict/judge.ts';
import { type Violation, violationsOf } from '../verdict/violation.ts';
import { type OpenStage, type StageOptions, setStage } from './set-stage.ts';
import type { Scenario } from './stage.ts';

export type RoundOptions = Omit<StageOptions, 'dataDir' | 'prepared'>;

/** How a round went. */
export interface RoundResult {
  readonly scenario: string;
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly counts: RoundCounts;
  readonly seconds: number;
  /** Where the data and the logs of a round lie in which something was wrong. */
  readonly keptIn: string | undefined;
}

/** What a verdict stands on: a round in which nothing was acknowledged proves nothing. */
export interface RoundCounts {
  readonly sent: number;
  readonly acknowledged: number;
  /** Sent, and never answered. */
  readonly unknown: number;
  /** Events of vehicles in the log. */
  readonly events: number;
  readonly queries: number;
  /** Processes that ended without having been told to. */
  readonly crashes: number;
}

/** How long the platform works before anything happens to it, and after it was healed. */
const BEFORE_MS = 700;
const AFTER_MS = 700;
const LEAST_ACKNOWLEDGED = 100;
/** Broken by a round that proves nothing, whatever else it found. */
export const NOTHING_TO_LOSE = 'the round had something to lose';

/** One platform from its start to its end, one scenario, one verdict. The seed decides all but the timing of processes. */
export async function runRound(options: RoundOptions): Promise<RoundResult> {
  const startedAtMs = performance.now();
  const dataDir = await mkdtemp(join(tmpdir(), 'odograph-chaos-'));
  const played = await playIn(dataDir, options);
  const isClean = played.violations.length === 0;
  if (isClean) await rm(dataDir, { recursive: true, force: true });
  return {
    scenario: options.scenario.name,
    seed: options.seed,
    ...played,
    seconds: (performance.now() - startedAtMs) / 1_000,
    keptIn: isClean ? undefined : dataDir,
  };
}

type Played = Pick<RoundResult, 'violations' | 'counts'>;

async function playIn(dataDir: string, options: RoundOptions): Promise<Played> {
  const { scenario } = options;
  const prepared = (await scenario.prepare?.(dataDir)) ?? {};
  try {
    const stage = await setStage({ ...options, dataDir, prepared });
    try {
      return await play(stage, scenario);
    } finally {
      await stage.close();
    }
  } finally {
    await prepared.end?.();
  }
}

async function play(stage: OpenStage, scenario: Scenario): Promise<Played> {
  const { cluster, load, queries, ledger } = stage;
  load.start();
  await stage.wait(BEFORE_MS);
  await scenario.run(stage);
  await stage.heal();
  await stage.wait(AFTER_MS);
  await load.rest();
  const wrongAnswers = await queries.stop();
  const { violations, events } = await judge({ ...stage, leaves: scenario.leaves ?? [] });
  const entries = ledger.entries();
  const counts = {
    sent: entries.length,
    acknowledged: ledger.acknowledged().length,
    unknown: entries.filter(({ told }) => told === 'nothing').length,
    events,
    queries: queries.answered(),
    crashes: cluster.nodes.reduce((sum, node) => sum + node.crashes(), 0),
  };
  return {
    violations: [...stage.violations, ...wrongAnswers, ...violations, ...checkWorked(counts)],
    counts,
  };
}

/** Nothing is proved where nothing happened. */
function checkWorked({ acknowledged, queries }: RoundCounts): readonly Violation[] {
  return violationsOf(NOTHING_TO_LOSE, [
    ...(acknowledged < LEAST_ACKNOWLEDGED ? [`only ${acknowledged} reports were acknowledged`] : []),
    ...(queries === 0 ? ['no query was answered'] : []),
  ]);
}
