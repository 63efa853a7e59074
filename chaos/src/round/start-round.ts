import type { Cluster } from '@odograph/cluster/cluster';
import { pause } from '@odograph/kernel/clock';
import type { Position } from '@odograph/kernel/position';
import { createRandom, seedOf } from '@odograph/kernel/random';
import type { ReportedBatch } from '../load/reporter.ts';
import { startFollower } from '../verdict/follower.ts';
import { quiesce } from '../verdict/quiesce.ts';
import { checkViewsReach } from '../verdict/views-reach.ts';
import type { Violation } from '../verdict/violation.ts';
import { startLinkedCluster } from './linked-cluster.ts';
import { createLoad, type Load } from './load.ts';
import { type Queries, startQueries } from './queries.ts';
import type { Preparation, Round, Scenario } from './round.ts';

const REPEAT_ODDS = 0.03;

export interface StartRoundOptions {
  readonly seed: number;
  readonly scenario: Scenario;
  readonly dataDir: string;
  readonly prepared: Preparation;
  /** Settings of the services, in addition to those of the scenario. */
  readonly env?: NodeJS.ProcessEnv;
}

/** A round with what only {@link runRound} uses. */
export interface StartedRound extends Round {
  readonly load: Load;
  readonly queries: Queries;
  readonly violations: readonly Violation[];
  readonly excluded: ReadonlySet<string>;
  readonly destroyedAbove: readonly Position[];
  close(): Promise<void>;
}

const PARTITIONS = 2;
/** Queries and jitter are drawn at unpredictable times, so they have separate seeds. The load uses smaller numbers. */
const QUERIES_SEED = 1_000;
const JITTER_SEED = 1_001;
const CONDITION_EVERY_MS = 20;
const QUIESCE_WITHIN_MS = 60_000;

/** Short times, so that a round has many flushes and leases are taken over quickly. */
const SETTINGS = {
  ODO_LOG_LEVEL: 'info',
  ODO_HISTORY_LEASE_MS: '1500',
  ODO_INGEST_ACK_TIMEOUT_MS: '1000',
  ODO_INGEST_DEADLINE_MS: '2000',
};
const FLUSH_MS = ['100', '500', '3000'] as const;

/** Starts a platform, queries and a subscriber. The load starts later, with `load.start()`. */
export async function startRound(options: StartRoundOptions): Promise<StartedRound> {
  const { seed, scenario, dataDir, prepared, env } = options;
  const random = createRandom(seed);
  const flush = { ODO_HISTORY_FLUSH_MS: random.pick(FLUSH_MS) };
  const linked = await startLinkedCluster({
    ...{ dataDir, partitions: PARTITIONS, histories: scenario.histories ?? 1, caches: scenario.caches ?? 0 },
    alertings: scenario.alertings ?? 0,
    env: { ...SETTINGS, ...flush, ...scenario.env, ...prepared.env, ...env },
    ...(prepared.binaries && { binaries: prepared.binaries }),
    random: createRandom(seedOf(seed, JITTER_SEED)),
  });
  const { cluster } = linked;
  const { ingest, histories, caches } = cluster.endpoints;
  const onBatch = ({ acknowledged }: ReportedBatch) => queries.onAcknowledged(acknowledged);
  const { repeatOdds = REPEAT_ODDS } = scenario;
  const load = createLoad({ seed, endpoint: ingest, repeatOdds, onBatch });
  const queries = startQueries({
    ...{ histories, caches, ledger: load.ledger },
    random: createRandom(seedOf(seed, QUERIES_SEED)),
  });
  const follower = startFollower(histories.at(-1) ?? '');
  const { ledger, vehicleIds } = load;
  return {
    ...linked,
    ...{ dataDir, random, load, queries, follower, ledger, vehicleIds, partitionCount: PARTITIONS },
    ...createChecks(cluster, load),
    wait: (ms) => pause(ms),
    batchesSince: (atMs) => load.batches.filter(({ startedAtMs }) => startedAtMs >= atMs),
    resumeLoad: () => load.start(),
    stopQueries: () => queries.abort(),
    async close() {
      // After an error the load still runs, and must end before its clients are closed.
      await Promise.all([load.drain(), queries.stop(), follower.stop()]);
      load.close();
      await linked.close();
    },
  };
}

type Checks = Pick<
  StartedRound,
  | ('violations' | 'excluded' | 'excludeEvent' | 'destroyedAbove' | 'destroyAbove')
  | ('until' | 'expect' | 'expectViewsReachLog' | 'drain')
>;

/** Collects the violations that a scenario finds while it runs. */
function createChecks({ urls, directEndpoints }: Cluster, load: Load): Checks {
  const violations: Violation[] = [];
  const excluded = new Set<string>();
  const destroyedAbove: Position[] = [];
  return {
    violations,
    ...{ excluded, destroyedAbove },
    destroyAbove: (heads) => void destroyedAbove.push(...heads),
    excludeEvent: (identity) => void excluded.add(identity),
    async until(rule, condition, withinMs) {
      if (!(await becomesTrue(condition, withinMs)))
        violations.push({ rule, detail: `not within ${withinMs} ms` });
    },
    expect(rule, condition, detail) {
      if (!condition) violations.push({ rule, detail });
    },
    async expectViewsReachLog(withinMs) {
      violations.push(...(await checkViewsReach(directEndpoints, withinMs)));
    },
    async drain() {
      await load.drain();
      const [endpoint = ''] = directEndpoints;
      const quiesced = await quiesce({ natsUrl: urls.nats, endpoint, withinMs: QUIESCE_WITHIN_MS });
      if ('violation' in quiesced) violations.push(quiesced.violation);
    },
  };
}

/** Waits until a condition holds. Resolves to false if it does not hold in time. */
export async function becomesTrue(
  condition: () => boolean | Promise<boolean>,
  withinMs: number,
): Promise<boolean> {
  const deadlineAtMs = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadlineAtMs) return false;
    await pause(CONDITION_EVERY_MS);
  }
  return true;
}
