import type { Cluster } from '@odograph/cluster/cluster';
import { formatPosition, type Position } from '@odograph/kernel/position';
import type { Ledger } from '@odograph/testing/ledger';
import { connectHistory, readLog } from '../client/history.ts';
import type { LoggedEvent } from '../client/logged-event.ts';
import { checkAlerts } from './check-alerts.ts';
import { checkCaches } from './check-caches.ts';
import { checkLog } from './check-log.ts';
import { checkViews } from './check-views.ts';
import type { Follower } from './follower.ts';
import { foldPlainly } from './plain-fold.ts';
import { quiesce } from './quiesce.ts';
import { type Violation, violationsOf } from './violation.ts';

interface JudgeDeps {
  readonly cluster: Cluster;
  readonly ledger: Ledger;
  readonly follower: Follower;
  readonly partitionCount: number;
  /** Identities of events that a scenario wrote to the stream itself: the ledger does not know them. */
  readonly excluded: ReadonlySet<string>;
  /** Where the scenario destroyed the only copy of acknowledged reports, see `Round.destroyAbove`. */
  readonly destroyedAbove: readonly Position[];
  /** Types of events that the log may contain besides those of vehicles. */
  readonly allowedEvents: readonly string[];
}

/** What the judge concludes about a round. */
interface Verdict {
  readonly violations: readonly Violation[];
  /** The number of events of vehicles in the log. */
  readonly events: number;
}

const QUIESCE_WITHIN_MS = 90_000;
const FOLLOW_WITHIN_MS = 20_000;

/** Waits until the platform is idle, and compares log, views and subscriber with what the senders know. */
export async function judge(deps: JudgeDeps): Promise<Verdict> {
  const { cluster, ledger, follower, partitionCount, excluded, destroyedAbove } = deps;
  const [endpoint = ''] = cluster.directEndpoints;
  const quiesced = await quiesce({ natsUrl: cluster.urls.nats, endpoint, withinMs: QUIESCE_WITHIN_MS });
  if ('violation' in quiesced) return { violations: [quiesced.violation], events: 0 };
  const { heads } = quiesced;
  using history = connectHistory(endpoint);
  const log = await readLog(history);
  const ofVehicles = log.filter(({ type, identity }) => isOfVehicle(type) && !excluded.has(identity));
  const violations = [
    ...checkLog(ledger.entries(), ofVehicles, { partitionCount, destroyedAbove }),
    ...checkOtherEvents(log, deps),
    ...(await checkReplicas(cluster, ofVehicles, heads)),
    ...(await checkCaches(endpoint, cluster.endpoints.caches, heads)),
    ...(await checkAlerts(endpoint, cluster.endpoints.alertings)),
    ...(await follower.check(log, heads, FOLLOW_WITHIN_MS)),
  ];
  return { violations, events: ofVehicles.length };
}

/** Who evaluates rules adds to the log. */
const isOfAlerting = (type: string) => /^(Alert|Rule|Silence|Flapping|LateSamples)/.test(type);
const isOfVehicle = (type: string) => type.startsWith('Telemetry');

/** A gap or undecodable bytes must have a cause in the scenario. */
function checkOtherEvents(log: readonly LoggedEvent[], { allowedEvents }: JudgeDeps): readonly Violation[] {
  const unexpected = log.filter(
    ({ type }) => !isOfVehicle(type) && !isOfAlerting(type) && !allowedEvents.includes(type),
  );
  const details = unexpected.map(({ type, position }) => `${type} at ${formatPosition(position)}`);
  return violationsOf('the log has no gap or undecodable event without a cause', details);
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
