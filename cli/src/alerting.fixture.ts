import {
  type AlertRulesBacktestRequest,
  type AlertRulesBacktestResponse,
  AlertRulesService,
  type BacktestResult,
  type BacktestTimeline,
  type Rule,
  type RuleChange,
} from '@odograph/contracts/generated/odograph/alerting/v1/alert_rules';
import {
  Alert,
  AlertSeverity,
  AlertState,
  type AlertsAcknowledgeRequest,
  type AlertsListRequest,
  AlertsService,
  type AlertsWatchRequest,
  AlertsWatchResponse,
} from '@odograph/contracts/generated/odograph/alerting/v1/alerts';
import {
  type DeadLetter,
  type DeadLettersListRequest,
  type DeadLettersReplayRequest,
  DeadLettersService,
} from '@odograph/contracts/generated/odograph/alerting/v1/dead_letters';
import {
  type Silence,
  type SilencesEndRequest,
  type SilencesListRequest,
  type SilencesPreviewRequest,
  SilencesService,
  type SilencesSetRequest,
} from '@odograph/contracts/generated/odograph/alerting/v1/silences';
import { Fault } from '@odograph/kernel/fault';
import { type GrpcService, grpcService, serverStream, unary } from '@odograph/platform/grpc/handler';
import { createGrpcServer } from '@odograph/platform/grpc/server';
import { silentLogger } from '@odograph/platform/logger';
import { expect } from 'vitest';

export const AT_MS = Date.UTC(2026, 10, 21, 10);
const POSITION = { partition: 0, sequence: 12, index: 3 };

export const FIRING = Alert.create({
  ...{ id: 'low-battery/bus-1/a1', rule: 'low-battery', revision: 2, vehicleId: 'bus-1', fleet: 'north' },
  ...{ state: AlertState.FIRING, severity: AlertSeverity.WARNING, because: 'condition' },
  ...{
    startedAtMs: AT_MS,
    firedAtMs: AT_MS + 120_000,
    values: { speed_kmh: '3', battery_level_pct: '18.5' },
  },
});

export const RESOLVED = Alert.create({
  ...{ ...FIRING, id: 'speeding/bus-2/b2', rule: 'speeding', vehicleId: 'bus-2' },
  ...{ state: AlertState.RESOLVED, severity: AlertSeverity.CRITICAL, endedAtMs: AT_MS + 300_000 },
  acknowledged: { by: 'ada', note: 'on my way', atMs: AT_MS + 130_000 },
});

const PENDING = Alert.create({
  ...{ id: 'offline/bus-3/c3', rule: 'offline', vehicleId: 'bus-3', startedAtMs: AT_MS },
  state: AlertState.PENDING,
});

/** The requests that the fixture got. */
interface AskedOfAlerting {
  readonly lists: AlertsListRequest[];
  readonly watches: AlertsWatchRequest[];
  readonly acknowledged: AlertsAcknowledgeRequest[];
  /** Those about rules, with the kind of each. */
  readonly decisions: Readonly<Record<string, unknown>>[];
  readonly checked: string[];
  readonly set: SilencesSetRequest[];
  readonly ended: SilencesEndRequest[];
  readonly silences: SilencesListRequest[];
  readonly previews: SilencesPreviewRequest[];
  readonly backtests: AlertRulesBacktestRequest[];
  readonly letters: DeadLettersListRequest[];
  readonly replays: DeadLettersReplayRequest[];
}

/** Alerting with three alerts, three rules and a silence. It remembers what is decided about rules until it is asked to forget. */
export async function startAlerting() {
  const asked: AskedOfAlerting = {
    ...{ lists: [], watches: [], acknowledged: [], decisions: [], checked: [] },
    ...{ set: [], ended: [], silences: [], previews: [], backtests: [], letters: [], replays: [] },
  };
  const rules = new FakeRules(asked);
  const services = [alerts(asked), rules.service(), silences(asked), deadLetters(asked)];
  const server = await createGrpcServer({ services, logger: silentLogger, port: 0 });
  server.setServing(true);
  server.setReady(true);
  return { endpoint: `127.0.0.1:${server.port}`, asked, rules, stop: () => server.stop(100) };
}

function found(alertId: string): Alert {
  const alert = [FIRING, RESOLVED, PENDING].find(({ id }) => id === alertId);
  if (alert) return alert;
  throw new Fault('NOT_FOUND', `there is no alert ${alertId}: \`odograph alerts list\` shows them`);
}

const watched = (part: Partial<AlertsWatchResponse>) => AlertsWatchResponse.create(part);

/** The stream of a watch breaks the first time: the pending alert ends while it is away. */
async function* watchMessages(watches: number, signal: AbortSignal): AsyncGenerator<AlertsWatchResponse> {
  yield watched({ alerts: watches === 1 ? [RESOLVED, FIRING] : [FIRING], beginsAgain: true });
  yield watched({ isCaughtUp: true });
  if (watches === 1) {
    // It went on, and is resolved when it is asked for.
    yield watched({ alerts: [{ ...RESOLVED, state: AlertState.RECOVERING, endedAtMs: undefined }] });
    throw new Fault('UNAVAILABLE', 'the server is shutting down', { retryAfterMs: 10 });
  }
  yield watched({ alerts: [{ ...FIRING, severity: AlertSeverity.CRITICAL }] });
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

function alerts(asked: AskedOfAlerting): GrpcService {
  return grpcService(AlertsService, {
    list: unary(async (request) => {
      asked.lists.push(request);
      if (request.filter?.fleets.includes('nowhere')) return { alerts: [], nextPageToken: '' };
      const isFirst = request.pageToken === '';
      return { alerts: isFirst ? [FIRING] : [RESOLVED, PENDING], nextPageToken: isFirst ? 'more' : '' };
    }),
    get: unary(async ({ alertId }) => {
      const entry = { severity: AlertSeverity.UNSPECIFIED, because: '', by: '', note: '' };
      const history = [
        { ...entry, type: 'AlertPending', atMs: AT_MS, recordedAtMs: AT_MS + 1_000 },
        {
          ...{ ...entry, type: 'AlertFired', atMs: AT_MS + 120_000, recordedAtMs: AT_MS + 121_000 },
          ...{ severity: AlertSeverity.WARNING, because: 'condition' },
        },
        { ...entry, type: 'AlertAcknowledged', recordedAtMs: AT_MS + 130_000, by: 'ada', note: 'on my way' },
      ];
      const why = 'silenced by depot-works';
      const notices = [{ receiver: 'hook', kind: 'firing', state: 'suppressed', reason: why, atMs: AT_MS }];
      const isTold = alertId === FIRING.id;
      return { alert: found(alertId), history, notices: isTold ? notices : [] };
    }),
    watch: serverStream(
      (request, { signal }) => {
        asked.watches.push(request);
        return watchMessages(asked.watches.length, signal);
      },
      { stays: true },
    ),
    acknowledge: unary(async (request) => {
      asked.acknowledged.push(request);
      const { alertId, by, note } = request;
      const alert = found(alertId);
      if (alert.state === AlertState.RESOLVED)
        throw new Fault('RULE_VIOLATED', `alert ${alertId} is resolved`);
      const first = asked.acknowledged.length > 1 ? { by: 'bob', note: '' } : { by, note };
      return { alert: { ...alert, acknowledged: { ...first, atMs: AT_MS } }, position: POSITION };
    }),
    describe: unary(async () => expect.unreachable()),
  });
}

const HEAD = '# Below 20 %\n';
export const LOW_BATTERY = `${HEAD}rule: low-battery\nwhen: battery_level_pct < 20\n`;
export const SPEEDING = 'rule: speeding\nwhen: speed_kmh > 130\n';

/** Rules that are created, revised and switched, as the service does it. */
class FakeRules {
  readonly #asked: AskedOfAlerting;
  readonly #rules = new Map<string, Rule>();
  /** The name of a rule about which a decision fails. */
  failing = '';

  constructor(asked: AskedOfAlerting) {
    this.#asked = asked;
    this.forget();
  }

  forget(): void {
    const rule = { revision: 1, version: 2, isEnabled: true };
    this.#rules.clear();
    this.#rules.set('low-battery', { ...rule, name: 'low-battery', document: LOW_BATTERY });
    this.#rules.set('offline', {
      ...{ ...rule, name: 'offline', isEnabled: false },
      document: 'rule: offline\nwhen: { no_report_for: 30m }\n',
    });
  }

  get(name: string): Rule {
    const rule = this.#rules.get(name);
    if (rule) return rule;
    throw new Fault('NOT_FOUND', `there is no rule ${name}: \`odograph rules list\` shows them`);
  }

  #decide(kind: string, name: string, request: object, change: Partial<Rule>) {
    this.#asked.decisions.push({ kind, ...request });
    if (name === this.failing) throw new Fault('UNAVAILABLE', 'JetStream does not answer');
    const before = this.#rules.get(name) ?? { name, revision: 0, version: 0, isEnabled: true, document: '' };
    const isWritten = kind === 'create' || kind === 'revise';
    const revision = before.revision + (isWritten ? 1 : 0);
    const rule = { ...before, ...change, revision, version: before.version + 1 };
    this.#rules.set(name, rule);
    return { version: rule.version, position: POSITION };
  }

  service(): GrpcService {
    const written = (kind: string) =>
      unary(async (request: { readonly document: string }) => {
        const name = nameIn(request.document);
        return this.#decide(kind, name, request, { document: request.document });
      });
    const switched = (kind: string, isEnabled: boolean) =>
      unary(async (request: { readonly rule: string }) => {
        if (this.get(request.rule).isEnabled === isEnabled)
          throw new Fault('RULE_VIOLATED', `the rule is ${kind}d already`);
        return this.#decide(kind, request.rule, request, { isEnabled });
      });
    return grpcService(AlertRulesService, {
      ...{ create: written('create'), revise: written('revise') },
      ...{ enable: switched('enable', true), disable: switched('disable', false) },
      get: unary(async ({ rule }) => ({ rule: this.get(rule) })),
      list: unary(async ({ pageToken }) => {
        const all = [...this.#rules.values()];
        return pageToken === ''
          ? { rules: all.slice(0, 1), nextPageToken: 'more' }
          : { rules: all.slice(1), nextPageToken: '' };
      }),
      history: unary(async ({ rule }) => ({ changes: changesOf(this.get(rule)) })),
      backtest: serverStream((request) => {
        this.#asked.backtests.push(request);
        return backtestOf(request);
      }),
      check: unary(async ({ documents }) => {
        this.#asked.checked.push(documents);
        if (!documents.includes('sevrity')) return { rules: namesIn(documents), findings: [] };
        const wrong = { line: 3, column: 10, field: 'sevrity', reason: 'INVALID' };
        const description = 'is not a field here: did you mean severity?';
        const syntax = { line: 7, column: 1, field: '', reason: 'SYNTAX', description: 'cannot be read' };
        return { rules: [], findings: [{ ...wrong, description }, syntax] };
      }),
    });
  }
}

function changesOf({ document }: Rule): RuleChange[] {
  const change = { by: 'ada', note: '', atMs: AT_MS, document };
  return [
    { ...change, type: 'RuleRevised', version: 2, revision: 2, note: 'less' },
    { ...change, type: 'RuleCreated', version: 1, revision: 1, document: 'rule: as-it-was\n' },
  ];
}

const EPISODE = {
  ...{ vehicleId: 'bus-1', severity: 'warning', startedAtMs: AT_MS, firedAtMs: AT_MS + 120_000 },
  ...{ endedAtMs: AT_MS + 300_000, knownAtMs: AT_MS + 125_000, suppressedBecause: '' },
};
const TIMELINE: BacktestTimeline = {
  ...{ episodes: 3, pages: 1, pagesPerVehicleDay: 0.125, shareUnderMinute: 0.5 },
  ...{ delayP50Ms: 125_000, delayP95Ms: 7_200_000, listed: [EPISODE] },
};

async function* backtestOf({
  otherDocument,
  maxEvents,
  withStateHashes,
}: AlertRulesBacktestRequest): AsyncGenerator<AlertRulesBacktestResponse> {
  yield { share: 0.5, events: 10_000, result: undefined };
  if (maxEvents === 7) throw new Fault('TOO_LARGE', 'the time has more than 7 events: ask for a shorter one');
  const other = otherDocument === '' ? undefined : { ...TIMELINE, episodes: 2 };
  const silenced = { ...EPISODE, endedAtMs: undefined, suppressedBecause: 'flapping' };
  const difference = other && { added: [], removed: [silenced], moved: [EPISODE] };
  const result: BacktestResult = {
    ...{
      asKnownThen: TIMELINE,
      asKnownNow: { ...TIMELINE, episodes: 4 },
      otherAsKnownThen: other,
      difference,
    },
    ...{ vehicles: 12, flapping: 1, tookMs: 1_250, stateHashes: withStateHashes ? ['aa', 'bb'] : [] },
  };
  yield { share: 1, events: 1_234_567, result };
}

function deadLetters(asked: AskedOfAlerting): GrpcService {
  const notice = {
    alertId: FIRING.id,
    rule: 'low-battery',
    vehicleId: 'bus-1',
    severity: AlertSeverity.WARNING,
  };
  const letter: DeadLetter = {
    ...{ id: 'n_1', receiver: 'hook', reason: 'it answered 404', attempts: 3, diedAtMs: AT_MS },
    notices: ['firing', 'resolved'].map((kind) => ({ ...notice, kind, atMs: AT_MS })),
  };
  return grpcService(DeadLettersService, {
    list: unary(async (request) => {
      asked.letters.push(request);
      return { deadLetters: request.receiver === 'mail' ? [] : [letter], nextPageToken: '' };
    }),
    replay: unary(async (request) => {
      asked.replays.push(request);
      const { ids, receiver } = request;
      if (receiver !== '') return { replayed: ['n_1'], notFound: [] };
      return { replayed: ids.filter((id) => id === 'n_1'), notFound: ids.filter((id) => id !== 'n_1') };
    }),
  });
}

const namesIn = (documents: string) =>
  [...documents.matchAll(/^rule: (.+)$/gm)].map(([, name]) => name ?? '');
const nameIn = (document: string) => namesIn(document)[0] ?? '';

const SILENCE: Silence = {
  ...{ id: 'depot-works', by: 'ada', comment: 'works', endedBy: '', version: 1 },
  terms: {
    ...{ rules: ['low-battery', 'offline'], vehicles: [], fleets: ['north'] },
    ...{ severities: [AlertSeverity.WARNING], startsAtMs: AT_MS, endsAtMs: AT_MS + 7_200_000 },
  },
};

function silences(asked: AskedOfAlerting): GrpcService {
  return grpcService(SilencesService, {
    set: unary(async (request) => {
      asked.set.push(request);
      const names = request.terms?.rules ?? [];
      const long = names.findIndex((name) => name.length > 100);
      if (long < 0) return { version: 1, position: POSITION };
      const field = `terms.rules[${long}]`;
      const description = 'must have 1 to 100 characters';
      throw new Fault('INVALID_INPUT', `${field} ${description}`, {
        findings: [{ field, reason: 'INVALID_NAME', description }],
      });
    }),
    end: unary(async (request) => {
      asked.ended.push(request);
      return { version: 2, position: POSITION };
    }),
    list: unary(async (request) => {
      asked.silences.push(request);
      const over = { ...SILENCE, id: 'over', endedBy: 'bob' };
      return { silences: request.withEnded ? [SILENCE, over] : [SILENCE], nextPageToken: '' };
    }),
    preview: unary(async (request) => {
      asked.previews.push(request);
      return request.terms?.fleets.includes('nowhere')
        ? { alerts: [], count: 0 }
        : { alerts: [FIRING], count: 120 };
    }),
  });
}
