import {
  type AlertsDescribeResponse,
  type AlertsGetResponse,
  AlertsService,
  type AlertsWatchResponse,
  type NoticeInfo,
} from '@odograph/contracts/generated/odograph/alerting/v1/alerts';
import type { DecisionQuota } from '@odograph/decisions/decision-quota';
import type { Position } from '@odograph/kernel/position';
import { countFitting } from '@odograph/platform/grpc/answer-bytes';
import {
  beforeDeadline,
  type CallContext,
  grpcService,
  serverStream,
  unary,
} from '@odograph/platform/grpc/handler';
import { badToken, decodePageToken, encodePageToken } from '@odograph/platform/grpc/page-token';
import { createQuota, type Quota } from '@odograph/platform/grpc/quota';
import { checkAtLeastOfEach, invalid, pageSizeOf } from '@odograph/platform/grpc/request-checks';
import { type createAcknowledge, noAlert } from '../commands/acknowledge.ts';
import type { AlertRecord } from '../domain/alert-record.ts';
import type { AlertFeed, AlertWatch } from '../views/alert-feed.ts';
import type { AlertFilter, AlertKey, AlertStore } from '../views/alert-store.ts';
import type { RuleStore } from '../views/partition-views.ts';
import type { Reached } from '../views/reached.ts';
import { alertBytes, alertToWire, entryToWire, filterOf } from './alert-wire.ts';
import { checkBy, checkNote } from './checks.ts';

interface AlertsDeps {
  readonly partitionCount: number;
  readonly alerts: AlertStore;
  readonly feed: AlertFeed;
  readonly acknowledge: ReturnType<typeof createAcknowledge>;
  /** The notices of an alert to receivers. */
  readonly noticesOf: (alertId: string) => Promise<readonly NoticeInfo[]>;
  readonly reach: (position: Position, signal: AbortSignal) => Promise<void>;
  readonly rules: Pick<RuleStore, 'list'>;
  readonly reached: Pick<Reached, 'of'>;
  /** Which process evaluates which partition. */
  readonly owners: () => Promise<ReadonlyMap<number, string>>;
  readonly quota: DecisionQuota;
  /** Of one client; all clients may have four times as many. */
  readonly maxWatches: number;
}

const LIST = 'alerts';
export const MAX_ALERT_ID = 300;
/** Alerts in a message of a watch, and in one look at what is going on. */
export const MESSAGE_ALERTS = 100;
/** How often a watch says that there is nothing new. */
const QUIET_MS = 10_000;
const OPEN = ['pending', 'firing', 'recovering'] as const;

export function alertsService(deps: AlertsDeps) {
  const { alerts, acknowledge, noticesOf, reach, quota, partitionCount, maxWatches } = deps;
  const places = createQuota({ name: 'alert_watches', perClient: maxWatches, inAll: 4 * maxWatches });
  return grpcService(AlertsService, {
    list: unary(async (request, call) => {
      const positions = checkAtLeastOfEach(request.atLeast, partitionCount);
      const signal = beforeDeadline(call);
      await Promise.all(positions.map((position) => reach(position, signal)));
      const filter = filterOf(request.filter);
      const query = [LIST, filter] as const;
      const limit = pageSizeOf(request.pageSize);
      const found = await alerts.list(filter, limit + 1, keyIn(decodePageToken(query, request.pageToken)));
      const page = found.slice(0, limit);
      const fitting = page.slice(0, countFitting(page, alertBytes));
      const last = fitting.at(-1);
      const hasMore = last !== undefined && found.length > fitting.length;
      const nextPageToken = hasMore ? encodePageToken(query, [last.startedAtMs, last.id]) : '';
      return { alerts: fitting.map(alertToWire), nextPageToken };
    }),
    get: unary(async ({ alertId }): Promise<AlertsGetResponse> => {
      const record = await alerts.get(checkAlertId(alertId));
      if (!record) throw noAlert(alertId);
      const notices = await noticesOf(alertId);
      return { alert: alertToWire(record), history: record.history.map(entryToWire), notices: [...notices] };
    }),
    watch: serverStream((request, call) => watch(deps, places, filterOf(request.filter), call), {
      stays: true,
    }),
    acknowledge: unary(async ({ alertId, by, note }, call) => {
      const command = { alertId: checkAlertId(alertId), by: checkBy(by), note: checkNote('note', note) };
      quota.admit(call.client);
      const { record, position } = await acknowledge(command, call);
      return { alert: alertToWire(record), position };
    }),
    describe: unary(() => describe(deps)),
  });
}

async function describe(deps: AlertsDeps): Promise<AlertsDescribeResponse> {
  const { partitionCount, alerts, rules, reached, owners } = deps;
  const numbers = Array.from({ length: partitionCount }, (_, partition) => partition);
  const [owned, sequences, open, all] = await Promise.all([
    owners(),
    Promise.all(numbers.map((partition) => reached.of(partition))),
    alerts.countOpen(),
    rules.list(),
  ]);
  return {
    partitions: numbers.map((partition) => {
      const position = { partition, sequence: sequences[partition] ?? 0 };
      return { position, owner: owned.get(partition) ?? '' };
    }),
    enabledRules: all.filter(([, { state }]) => state.isEnabled).length,
    pending: open.get('pending') ?? 0,
    firing: (open.get('firing') ?? 0) + (open.get('recovering') ?? 0),
  };
}

function checkAlertId(alertId: string): string {
  if (alertId !== '' && alertId.length <= MAX_ALERT_ID) return alertId;
  throw invalid('alert_id', 'INVALID_ALERT_ID', `must have 1 to ${MAX_ALERT_ID} characters`);
}

function keyIn(key: readonly unknown[] | undefined): AlertKey | undefined {
  if (!key) return undefined;
  const [startedAtMs, id] = key;
  if (typeof startedAtMs !== 'number' || typeof id !== 'string') throw badToken();
  return { startedAtMs, id };
}

async function* watch(
  deps: AlertsDeps,
  places: Quota,
  filter: AlertFilter,
  call: CallContext,
): AsyncGenerator<AlertsWatchResponse> {
  const { feed } = deps;
  using _place = places.open(call.client, 1);
  const opened = feed.open(choiceOf(filter));
  const wake = () => opened.wake();
  call.signal.addEventListener('abort', wake);
  try {
    for (;;) {
      call.signal.throwIfAborted();
      if (opened.takeBeginning()) yield* everything(deps, filter, opened);
      const { changed, leftIds } = opened.take();
      yield* inMessages(changed);
      if (leftIds.length > 0) yield { ...NOTHING, leftAlertIds: [...leftIds] };
      const isIdle = changed.length + leftIds.length === 0;
      if (isIdle && (await isQuiet(opened))) yield { ...NOTHING, isCaughtUp: true };
    }
  } finally {
    call.signal.removeEventListener('abort', wake);
    feed.close(opened);
  }
}

const NOTHING: AlertsWatchResponse = { alerts: [], leftAlertIds: [], isCaughtUp: false, beginsAgain: false };

/** The alerts that are going on. */
async function* everything(
  { alerts }: AlertsDeps,
  filter: AlertFilter,
  opened: AlertWatch,
): AsyncGenerator<AlertsWatchResponse> {
  yield { ...NOTHING, beginsAgain: true };
  const wanted = filter.phases.length > 0 ? filter.phases : OPEN;
  const phases = OPEN.filter((phase) => wanted.includes(phase));
  let after: AlertKey | undefined;
  for (let isLast = phases.length === 0; !isLast; ) {
    const page = await alerts.list({ ...filter, phases }, MESSAGE_ALERTS, after);
    isLast = page.length < MESSAGE_ALERTS;
    after = page.at(-1);
    opened.sends(page);
    yield* inMessages(page);
  }
  opened.begun();
  yield { ...NOTHING, isCaughtUp: true };
}

function* inMessages(records: readonly AlertRecord[]): Generator<AlertsWatchResponse> {
  for (let at = 0; at < records.length; ) {
    const next = records.slice(at, at + MESSAGE_ALERTS);
    const count = Math.max(1, countFitting(next, alertBytes));
    yield { ...NOTHING, alerts: next.slice(0, count).map(alertToWire) };
    at += count;
  }
}

/** The states of a filter choose what a watch begins with; then it has each change, or it would not show that an alert ended. */
function choiceOf({ rules, vehicles, fleets, severities, isAcknowledged }: AlertFilter) {
  const names = (list: readonly string[], own: string) => list.length === 0 || list.includes(own);
  return (record: AlertRecord): boolean =>
    names(rules, record.rule) &&
    names(vehicles, record.vehicleId) &&
    names(fleets, record.fleet) &&
    names(severities, record.severity ?? '') &&
    (isAcknowledged === undefined || isAcknowledged === (record.acknowledged !== undefined));
}

async function isQuiet(opened: AlertWatch): Promise<boolean> {
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = true;
    opened.wake();
  }, QUIET_MS);
  await opened.arrived();
  clearTimeout(timer);
  return isOver;
}
