import type { Cluster, ClusterOptions, Route } from '@odograph/cluster/cluster';
import type { Random } from '@odograph/kernel/random';
import type { Ledger } from '@odograph/testing/ledger';
import type { Link } from '../links/link.ts';
import type { ReportedBatch } from '../load/reporter.ts';
import type { Follower } from '../verdict/follower.ts';

/** What a scenario has in its hands: a platform under load, and every process and connection of it. */
export interface Stage {
  readonly cluster: Cluster;
  /** Where the engines' data and everybody's logs lie. */
  readonly dataDir: string;
  /** The connection on a route. */
  link(route: Route): Link;
  readonly links: readonly Link[];
  readonly random: Random;
  readonly ledger: Ledger;
  readonly follower: Follower;
  readonly partitionCount: number;
  readonly vehicleIds: readonly string[];
  /** Starts what does not run, wakes what sleeps, joins what was cut. */
  heal(): Promise<void>;
  /** Waits while the load goes on. */
  wait(ms: number): Promise<void>;
  /** Waits until a condition holds; that it does not is a violation of the rule. */
  until(rule: string, isSo: () => boolean | Promise<boolean>, withinMs: number): Promise<void>;
  /** What must hold now. */
  expect(rule: string, isSo: boolean, detail: string): void;
  /** The batches that the load has sent since a moment of `performance.now()`. */
  batchesSince(atMs: number): readonly ReportedBatch[];
  /** Every replica's views come to where the log is now; that they do not in time is a violation. */
  viewsReachTheLog(withinMs: number): Promise<void>;
  /** Pauses the load, and waits until all that was acknowledged is in the log. */
  rest(): Promise<void>;
  /** Lets the load go on after {@link Stage.rest}. */
  goOn(): void;
  /** From now on acknowledgements may carry positions of a stream that is not the log's: no query is held to them. */
  distrustPositions(): void;
  /** An event of this identity came into the log by another way than the door. */
  plant(identity: string): void;
}

/** What a scenario made ready before the platform starts. */
export interface Preparation {
  /** Settings of the services, on top of {@link Scenario.env}. */
  readonly env?: NodeJS.ProcessEnv;
  readonly binaries?: ClusterOptions['binaries'];
  /** Takes it away again, once nothing runs any more. */
  end?(): Promise<void>;
}

/** Something bad that happens to the platform while it works. */
export interface Scenario {
  readonly name: string;
  /** What happens, in a line, for people. */
  readonly what: string;
  /** How often it is drawn beside others; 1 where nothing is said, 0: only when asked for. */
  readonly weight?: number;
  /** Replicas of history; 1 where nothing is said. */
  readonly histories?: number;
  /** Settings of the services that it needs. */
  readonly env?: NodeJS.ProcessEnv;
  /** Types of events that it may leave in the log beside what vehicles sent. */
  readonly leaves?: readonly string[];
  /** Whether the platform can be all it needs here; why not, where it cannot. */
  readonly obstacle?: () => string | undefined;
  /** Called before the platform starts, with the folder in which its data will lie. */
  readonly prepare?: (dataDir: string) => Promise<Preparation>;
  run(stage: Stage): Promise<void>;
}
