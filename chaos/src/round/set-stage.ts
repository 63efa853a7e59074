import type { Cluster } from '@odograph/cluster/cluster';
import { pause } from '@odograph/kernel/clock';
import { createRandom, seedOf } from '@odograph/kernel/random';
import type { ReportedBatch } from '../load/reporter.ts';
import { startFollower } from '../verdict/follower.ts';
import { settle } from '../verdict/settle.ts';
import { checkViewsReach } from '../verdict/views-reach.ts';
import type { Violation } from '../verdict/violation.ts';
import { startLinkedCluster } from './linked-cluster.ts';
import { createLoad, type Load } from './load.ts';
import { type Queries, startQueries } from './queries.ts';
import type { Preparation, Scenario, Stage } from './stage.ts';

export interface StageOptions {
  readonly seed: number;
  readonly scenario: Scenario;
  readonly dataDir: string;
  readonly prepared: Preparation;
  /** Settings for the services on top of the scenario's. */
  readonly env?: NodeJS.ProcessEnv;
}

/** A stage with what only its director may touch. */
export interface OpenStage extends Stage {
  readonly load: Load;
  readonly queries: Queries;
  readonly violations: readonly Violation[];
  readonly planted: ReadonlySet<string>;
  close(): Promise<void>;
}

const PARTITIONS = 2;
/** What is drawn at times that nobody decides has seeds of its own; the load has the numbers below. */
const QUERIES_PART = 1_000;
const JITTER_PART = 1_001;
const CONDITION_EVERY_MS = 20;
const REST_WITHIN_MS = 60_000;

/** Short times, so that a round crosses many flushes, and a lease is soon taken over. */
const SETTINGS = {
  ODO_LOG_LEVEL: 'info',
  ODO_HISTORY_LEASE_MS: '1500',
  ODO_INGEST_ACK_TIMEOUT_MS: '1000',
  ODO_INGEST_DEADLINE_MS: '2000',
};
const FLUSH_MS = ['100', '500', '3000'] as const;

/** Starts a platform, a fleet that will report to it, and people who ask and follow. */
export async function setStage({ seed, scenario, dataDir, prepared, env }: StageOptions): Promise<OpenStage> {
  const random = createRandom(seed);
  const flush = { ODO_HISTORY_FLUSH_MS: random.pick(FLUSH_MS) };
  const linked = await startLinkedCluster({
    ...{ dataDir, partitions: PARTITIONS, histories: scenario.histories ?? 1 },
    env: { ...SETTINGS, ...flush, ...scenario.env, ...prepared.env, ...env },
    ...(prepared.binaries && { binaries: prepared.binaries }),
    random: createRandom(seedOf(seed, JITTER_PART)),
  });
  const { cluster } = linked;
  const { ingest, histories } = cluster.endpoints;
  const onBatch = ({ acknowledged }: ReportedBatch) => queries.onAcknowledged(acknowledged);
  const load = createLoad({ seed, endpoint: ingest, onBatch });
  const asking = createRandom(seedOf(seed, QUERIES_PART));
  const queries = startQueries({ endpoints: histories, ledger: load.ledger, random: asking });
  const follower = startFollower('a subscriber', histories.at(-1) ?? '');
  const { ledger, vehicleIds } = load;
  return {
    ...linked,
    ...{ dataDir, random, load, queries, follower, ledger, vehicleIds, partitionCount: PARTITIONS },
    ...createJury(cluster, load),
    wait: (ms) => pause(ms),
    batchesSince: (atMs) => load.batches.filter(({ startedAtMs }) => startedAtMs >= atMs),
    goOn: () => load.start(),
    distrustPositions: () => queries.distrust(),
    async close() {
      await Promise.all([queries.stop(), follower.stop()]);
      load.close();
      await linked.close();
    },
  };
}

type Jury = Pick<
  OpenStage,
  'violations' | 'planted' | 'plant' | 'until' | 'expect' | 'viewsReachTheLog' | 'rest'
>;

/** Notes what goes wrong while a scenario runs. */
function createJury({ urls, directEndpoints }: Cluster, load: Load): Jury {
  const violations: Violation[] = [];
  const planted = new Set<string>();
  return {
    violations,
    planted,
    plant: (identity) => void planted.add(identity),
    async until(rule, isSo, withinMs) {
      if (!(await comesTrue(isSo, withinMs))) violations.push({ rule, detail: `not within ${withinMs} ms` });
    },
    expect(rule, isSo, detail) {
      if (!isSo) violations.push({ rule, detail });
    },
    async viewsReachTheLog(withinMs) {
      violations.push(...(await checkViewsReach(directEndpoints, withinMs)));
    },
    async rest() {
      await load.rest();
      const [endpoint = ''] = directEndpoints;
      const settled = await settle({ natsUrl: urls.nats, endpoint, withinMs: REST_WITHIN_MS });
      if ('violation' in settled) violations.push(settled.violation);
    },
  };
}

async function comesTrue(isSo: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  const deadlineAtMs = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > deadlineAtMs) return false;
    await pause(CONDITION_EVERY_MS);
  }
  return true;
}
