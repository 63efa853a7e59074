import type { Cluster, ClusterOptions, Route } from '@odograph/cluster/cluster';
import type { Position } from '@odograph/kernel/position';
import type { Random } from '@odograph/kernel/random';
import type { Ledger } from '@odograph/testing/ledger';
import type { Link } from '../links/link.ts';
import type { ReportedBatch } from '../load/reporter.ts';
import type { Follower } from '../verdict/follower.ts';

/** What a scenario can use: a platform under load, with all its processes and connections. */
export interface Round {
  readonly cluster: Cluster;
  /** The folder of the engines' data and of all process logs. */
  readonly dataDir: string;
  link(route: Route): Link;
  readonly links: readonly Link[];
  readonly random: Random;
  readonly ledger: Ledger;
  readonly follower: Follower;
  readonly partitionCount: number;
  readonly vehicleIds: readonly string[];
  /** Starts stopped processes, resumes paused ones, and heals all links. */
  heal(): Promise<void>;
  /** Waits while the load continues. */
  wait(ms: number): Promise<void>;
  /** Waits until a condition holds. If it does not hold in time, the rule is broken. */
  until(rule: string, condition: () => boolean | Promise<boolean>, withinMs: number): Promise<void>;
  /** If the condition is false, the rule is broken. */
  expect(rule: string, condition: boolean, detail: string): void;
  /** The batches that the load has started to send since a time of `performance.now()`. */
  batchesSince(atMs: number): readonly ReportedBatch[];
  /** The views of every replica must reach the current end of the log in time. */
  expectViewsReachLog(withinMs: number): Promise<void>;
  /** Stops the load and waits until everything acknowledged is in the log. */
  drain(): Promise<void>;
  /** Starts the load again after {@link Round.drain}. */
  resumeLoad(): void;
  /** Call when positions of acknowledgements may no longer match the log, because the stream was changed. */
  stopQueries(): void;
  /**
   * Call when the scenario destroys what a stream has above these positions and the log does not: the only copy of reports that
   * were acknowledged there. The judge does not miss them.
   */
  destroyAbove(heads: readonly Position[]): void;
  /** The judge ignores the event of this identity: the scenario wrote it to the stream itself. */
  excludeEvent(identity: string): void;
}

/** What a scenario prepared before the platform starts. */
export interface Preparation {
  /** Settings of the services, in addition to {@link Scenario.env}. */
  readonly env?: NodeJS.ProcessEnv;
  readonly binaries?: ClusterOptions['binaries'];
  /** Undoes the preparation when all processes have ended. */
  end?(): Promise<void>;
}

/** A fault that happens to the platform while it works. */
export interface Scenario {
  readonly name: string;
  /** What happens, in one line. */
  readonly description: string;
  /** How often a campaign draws it, relative to others. Default: 1. */
  readonly weight?: number;
  /** Replicas of history. Default: 1. */
  readonly histories?: number;
  /** Replicas of the cache. Default: none. */
  readonly caches?: number;
  /** Replicas of alerting. Default: none. */
  readonly alertings?: number;
  /** Settings of the services. */
  readonly env?: NodeJS.ProcessEnv;
  /** How likely each report is sent again, each time that it was answered. Default: 0.03. */
  readonly repeatOdds?: number;
  /** Types of events that the scenario may add to the log, besides those of vehicles. */
  readonly allowedEvents?: readonly string[];
  /** Why the scenario cannot run on this machine; undefined if it can. */
  readonly unsupported?: () => string | undefined;
  /** Called before the platform starts, with the folder of its data. */
  readonly prepare?: (dataDir: string) => Promise<Preparation>;
  run(round: Round): Promise<void>;
}
