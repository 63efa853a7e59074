import type { Cluster } from '@odograph/cluster/cluster';
import { formatPosition, type Position } from '@odograph/kernel/position';
import type { Ledger } from '@odograph/testing/ledger';
import { checkLog } from './check-log.ts';
import { checkViews } from './check-views.ts';
import type { Follower } from './follower.ts';
import type { LoggedEvent } from './logged-event.ts';
import { foldPlainly } from './plain-fold.ts';
import { readLog } from './read-log.ts';
import { settle } from './settle.ts';
import { type Violation, violationsOf } from './violation.ts';

export interface Trial {
  readonly cluster: Cluster;
  readonly ledger: Ledger;
  readonly follower: Follower;
  readonly partitionCount: number;
  /** Events of these identities came into the log past the door. */
  readonly planted: ReadonlySet<string>;
  /** Types of events that may lie in the log beside what vehicles sent. */
  readonly leaves: readonly string[];
}

export interface Verdict {
  readonly violations: readonly Violation[];
  /** Events of vehicles in the log. */
  readonly events: number;
}

const SETTLE_WITHIN_MS = 90_000;
const FOLLOW_WITHIN_MS = 20_000;

/** Lets the platform come to rest, and holds log, views and subscribers against what the senders know. */
export async function judge(trial: Trial): Promise<Verdict> {
  const { cluster, ledger, follower, partitionCount, planted } = trial;
  const [endpoint = ''] = cluster.directEndpoints;
  const settled = await settle({ natsUrl: cluster.urls.nats, endpoint, withinMs: SETTLE_WITHIN_MS });
  if ('violation' in settled) return { violations: [settled.violation], events: 0 };
  const { heads } = settled;
  const log = await readLog(endpoint);
  const ofVehicles = log.filter(
    ({ type, identity }) => type.startsWith('Telemetry') && !planted.has(identity),
  );
  const violations = [
    ...checkLog(ledger.entries(), ofVehicles, partitionCount),
    ...checkRest(log, trial),
    ...(await checkReplicas(cluster, ofVehicles, heads)),
    ...(await follower.check(log, heads, FOLLOW_WITHIN_MS)),
  ];
  return { violations, events: ofVehicles.length };
}

/** A gap, or bytes that nobody could read, must have a reason. */
function checkRest(log: readonly LoggedEvent[], { leaves }: Trial): readonly Violation[] {
  const unasked = log.filter(({ type }) => !type.startsWith('Telemetry') && !leaves.includes(type));
  const details = unasked.map(({ type, position }) => `${type} at ${formatPosition(position)}`);
  return violationsOf('nothing comes into the log of itself', details);
}

async function checkReplicas(
  { directEndpoints }: Cluster,
  events: readonly LoggedEvent[],
  heads: readonly Position[],
): Promise<readonly Violation[]> {
  const expected = foldPlainly(events);
  const violations: Violation[] = [];
  for (const endpoint of directEndpoints) violations.push(...(await checkViews(endpoint, expected, heads)));
  return violations;
}
