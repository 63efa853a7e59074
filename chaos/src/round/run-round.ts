import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkNats } from '../verdict/check-nats.ts';
import { judge } from '../verdict/judge.ts';
import { type Violation, violationsOf } from '../verdict/violation.ts';
import type { Scenario } from './round.ts';
import { becomesTrue, type StartedRound, type StartRoundOptions, startRound } from './start-round.ts';

type RoundOptions = Omit<StartRoundOptions, 'dataDir' | 'prepared'>;

/** The result of a round. */
export interface RoundResult {
  readonly scenario: string;
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly counts: RoundCounts;
  readonly seconds: number;
  /** The folder of data and logs, if the round broke a rule. */
  readonly keptIn: string | undefined;
}

/** What a round did: a round without acknowledgements proves nothing. */
interface RoundCounts {
  readonly sent: number;
  readonly acknowledged: number;
  /** Reports that were sent and never answered. */
  readonly unknown: number;
  /** The number of events of vehicles in the log. */
  readonly events: number;
  readonly queries: number;
  /** Processes that ended without a command of the scenario. */
  readonly crashes: number;
}

/** How long the platform works before the scenario starts, and after it was healed. */
const BEFORE_MS = 700;
const AFTER_MS = 700;
/** How long the first query may take on a busy machine. Without an answer the round proves nothing. */
const FIRST_ANSWER_WITHIN_MS = 10_000;
const LEAST_ACKNOWLEDGED = 100;
/** The rule that a round breaks if it proves nothing. */
export const ENOUGH_LOAD = 'the round has enough acknowledgements and queries to prove anything';

/** Starts a platform, runs a scenario, judges, and stops it. The seed decides everything except the timing of processes. */
export async function runRound(options: RoundOptions): Promise<RoundResult> {
  const startedAtMs = performance.now();
  const dataDir = await mkdtemp(join(tmpdir(), 'odograph-chaos-'));
  const outcome = await runIn(dataDir, options);
  const isClean = outcome.violations.length === 0;
  if (isClean) await rm(dataDir, { recursive: true, force: true });
  return {
    scenario: options.scenario.name,
    seed: options.seed,
    ...outcome,
    seconds: (performance.now() - startedAtMs) / 1_000,
    keptIn: isClean ? undefined : dataDir,
  };
}

type RoundOutcome = Pick<RoundResult, 'violations' | 'counts'>;

async function runIn(dataDir: string, options: RoundOptions): Promise<RoundOutcome> {
  const { scenario } = options;
  const prepared = (await scenario.prepare?.(dataDir)) ?? {};
  try {
    const round = await startRound({ ...options, dataDir, prepared });
    try {
      return await runScenario(round, scenario);
    } finally {
      await round.close();
    }
  } finally {
    await prepared.end?.();
  }
}

async function runScenario(round: StartedRound, scenario: Scenario): Promise<RoundOutcome> {
  const { cluster, dataDir, load, queries, ledger } = round;
  load.start();
  await round.wait(BEFORE_MS);
  await becomesTrue(() => queries.answered() > 0, FIRST_ANSWER_WITHIN_MS);
  await scenario.run(round);
  await round.heal();
  await round.wait(AFTER_MS);
  await load.drain();
  const wrongAnswers = await queries.stop();
  const { violations, events } = await judge({ ...round, allowedEvents: scenario.allowedEvents ?? [] });
  const refused = await checkNats(join(dataDir, 'nats', 'nats.log'));
  const entries = ledger.entries();
  const counts = {
    sent: entries.length,
    acknowledged: ledger.acknowledged().length,
    unknown: entries.filter(({ outcome }) => outcome === 'unknown').length,
    events,
    queries: queries.answered(),
    crashes: cluster.nodes.reduce((sum, node) => sum + node.crashes(), 0),
  };
  return {
    violations: [...round.violations, ...wrongAnswers, ...violations, ...refused, ...checkLoad(counts)],
    counts,
  };
}

function checkLoad({ acknowledged, queries }: RoundCounts): readonly Violation[] {
  return violationsOf(ENOUGH_LOAD, [
    ...(acknowledged < LEAST_ACKNOWLEDGED ? [`only ${acknowledged} reports were acknowledged`] : []),
    ...(queries === 0 ? ['no query was answered'] : []),
  ]);
}
