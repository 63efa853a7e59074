import { type ServerUnaryCall, type ServerWritableStream, type sendUnaryData, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it, test } from 'vitest';
import type { Alerting } from './alerting.ts';
import { type Client, createClient } from './client.ts';
import type { Fault } from './fault.ts';
import {
  type AlertRulesBacktestRequest,
  type AlertRulesBacktestResponse,
  AlertRulesService,
  BacktestResult,
  type Rule,
  RuleChange,
} from './generated/odograph/alerting/v1/alert_rules.ts';
import {
  Alert,
  AlertEntry,
  AlertSeverity,
  AlertState,
  AlertsService,
  type AlertsWatchRequest,
  AlertsWatchResponse,
} from './generated/odograph/alerting/v1/alerts.ts';
import { DeadLetter, DeadLettersService } from './generated/odograph/alerting/v1/dead_letters.ts';
import { Silence, SilencesService } from './generated/odograph/alerting/v1/silences.ts';
import {
  overloaded,
  type Refusal,
  serviceError,
  startServer,
  type TestServer,
  unavailable,
} from './server.fixture.ts';

const POSITION = { partition: 1, sequence: 7, index: 2 };
const RULE: Rule = { name: 'low', revision: 2, version: 3, isEnabled: true, document: 'rule: low\n' };
const alertOf = (id: string, state: AlertState = AlertState.FIRING) =>
  Alert.create({ id, rule: 'low', vehicleId: 'bus-1', state, severity: AlertSeverity.WARNING });

interface Script {
  /** How the first calls with one answer end; `empty` is an answer without content. */
  readonly refusals?: readonly (Refusal | 'empty')[];
  /** How each stream ends after its messages; one that stays is the last. */
  readonly watches?: readonly (Refusal | 'end' | 'stay')[];
}

let server: TestServer | undefined;
let client: Client | undefined;
afterEach(() => {
  client?.close();
  server?.kill();
});

const PAGES = {
  alerts: [
    { alerts: [alertOf('a')], nextPageToken: '1' },
    { alerts: [alertOf('b', AlertState.RESOLVED)], nextPageToken: '' },
  ],
  rules: [
    { rules: [RULE], nextPageToken: '1' },
    { rules: [{ ...RULE, name: 'speeding' }], nextPageToken: '' },
  ],
  silences: [
    {
      silences: [
        Silence.create({
          id: 'one',
          terms: { rules: ['low'], severities: [AlertSeverity.INFO], startsAtMs: 1, endsAtMs: 2 },
        }),
      ],
      nextPageToken: '1',
    },
    { silences: [Silence.create({ id: 'two' })], nextPageToken: '' },
  ],
  deadLetters: [
    { deadLetters: [DeadLetter.create({ id: 'one', receiver: 'hook' })], nextPageToken: '1' },
    { deadLetters: [DeadLetter.create({ id: 'two', receiver: 'hook' })], nextPageToken: '' },
  ],
};

async function startAlerting({ refusals = [], watches = ['stay'] }: Script = {}) {
  const asked: unknown[] = [];
  const watched: AlertsWatchRequest[] = [];
  const traces: unknown[] = [];
  const unary =
    (...answers: readonly object[]) =>
    (call: ServerUnaryCall<{ pageToken?: string }, unknown>, callback: sendUnaryData<unknown>) => {
      const refusal = refusals[asked.length];
      asked.push(call.request);
      traces.push(...call.metadata.get('traceparent'));
      if (refusal === 'empty') callback(null, Buffer.alloc(0));
      else if (refusal) callback(serviceError(refusal));
      else callback(null, answers[Number(call.request.pageToken ?? 0)]);
    };
  function watch(call: ServerWritableStream<AlertsWatchRequest, AlertsWatchResponse>): void {
    const end = watches[watched.length] ?? 'stay';
    const alerts = [alertOf(`w${watched.length}`)];
    watched.push(call.request);
    call.write(AlertsWatchResponse.create({ alerts, beginsAgain: true }));
    call.write(AlertsWatchResponse.create({ leftAlertIds: ['x'], isCaughtUp: true }));
    if (end === 'end') call.end();
    else if (end !== 'stay') call.emit('error', serviceError(end));
  }
  function backtest(call: ServerWritableStream<AlertRulesBacktestRequest, AlertRulesBacktestResponse>): void {
    asked.push(call.request);
    call.write({ share: 0.5, events: 10, result: undefined });
    call.write({ share: 1, events: 20, result: BacktestResult.create({ vehicles: 3 }) });
    call.end();
  }
  const decision = unary({ version: 4, position: POSITION });
  const got = {
    alert: alertOf('a'),
    history: [AlertEntry.create({ type: 'AlertFired', severity: AlertSeverity.CRITICAL })],
    notices: [{ receiver: 'hook', kind: 'firing', state: 'delivered', reason: '', atMs: 5 }],
  };
  server = await startServer([
    [
      AlertsService,
      {
        list: unary(...PAGES.alerts),
        get: unary(got),
        watch,
        acknowledge: unary({ alert: alertOf('a'), position: POSITION }),
        describe: unary({ partitions: [], enabledRules: 8, pending: 1, firing: 2 }),
      },
    ],
    [
      AlertRulesService,
      {
        ...{ create: decision, revise: decision, enable: decision, disable: decision },
        get: unary({ rule: RULE }),
        list: unary(...PAGES.rules),
        history: unary({ changes: [RuleChange.create({ type: 'RuleCreated', by: 'ada' })] }),
        check: unary({ rules: ['low'], findings: [] }),
        backtest,
      },
    ],
    [
      SilencesService,
      {
        ...{ set: decision, end: decision, list: unary(...PAGES.silences) },
        preview: unary({ alerts: [alertOf('a')], count: 7 }),
      },
    ],
    [
      DeadLettersService,
      {
        list: unary(...PAGES.deadLetters),
        replay: unary({ replayed: ['one'], notFound: ['two'] }),
      },
    ],
  ]);
  client = createClient({ alerting: server.endpoint });
  return { asked, watched, traces, alerting: client.alerting };
}

const TERMS = { vehicles: ['bus-1'], severities: ['critical'], startsAtMs: 1, endsAtMs: 9 } as const;

describe('a decision', () => {
  it.each<[string, (alerting: Alerting) => Promise<unknown>]>([
    ['createRule', (alerting) => alerting.createRule('rule: low\n', { by: 'ada' })],
    ['reviseRule', (alerting) => alerting.reviseRule('rule: low\n', { by: 'ada', expectedVersion: 3 })],
    ['enableRule', (alerting) => alerting.enableRule('low', { by: 'ada', note: 'again' })],
    ['disableRule', (alerting) => alerting.disableRule('low', { by: 'ada' })],
    ['setSilence', (alerting) => alerting.setSilence('one', TERMS, { by: 'ada', comment: 'depot' })],
    ['endSilence', (alerting) => alerting.endSilence('one', { by: 'ada' })],
  ])('of %s keeps its id over all attempts, also after DEADLINE', async (_, decide) => {
    const late = { code: status.DEADLINE_EXCEEDED, message: 'late', retryAfterMs: 1 };
    const { alerting, asked } = await startAlerting({
      refusals: [unavailable('away', 1), overloaded('full', 1), late],
    });
    expect(await decide(alerting)).toEqual({ version: 4, position: POSITION });
    expect(asked).toHaveLength(4);
    expect(asked[0]).toMatchObject({ decisionId: expect.stringMatching(/^[0-9a-f-]{36}$/), by: 'ada' });
    for (const again of asked) expect(again).toEqual(asked[0]);
  });

  it('has what was given', async () => {
    const { alerting, asked } = await startAlerting();
    const options = { by: 'ada', note: 'why', decisionId: 'd1' };
    await alerting.createRule('rule: low\n', options);
    await alerting.reviseRule('rule: low\n', { ...options, expectedVersion: 0 });
    await alerting.disableRule('low', options);
    await alerting.setSilence('one', TERMS, { by: 'ada', decisionId: 'd2', expectedVersion: 1 });
    await alerting.endSilence('one', { by: 'ada', decisionId: 'd3' });
    const reason = { by: 'ada', note: 'why', decisionId: 'd1' };
    const severities = [AlertSeverity.CRITICAL];
    expect(asked).toEqual([
      { ...reason, document: 'rule: low\n' },
      { ...reason, document: 'rule: low\n', expectedVersion: 0 },
      { ...reason, rule: 'low', expectedVersion: undefined },
      {
        ...{ silenceId: 'one', decisionId: 'd2', expectedVersion: 1, by: 'ada', comment: '' },
        terms: { ...TERMS, rules: [], fleets: [], severities },
      },
      { silenceId: 'one', decisionId: 'd3', by: 'ada' },
    ]);
  });
});

describe('an acknowledgement', () => {
  it('is made again while alerting is away or full', async () => {
    const { alerting, asked } = await startAlerting({
      refusals: [unavailable('away', 1), overloaded('full', 1)],
    });
    const answer = await alerting.acknowledge('a', { by: 'ada', note: 'I go there' });
    expect(answer).toEqual({
      alert: expect.objectContaining({ id: 'a', state: 'firing', severity: 'warning' }),
      position: POSITION,
    });
    expect(asked).toEqual(Array(3).fill({ alertId: 'a', by: 'ada', note: 'I go there' }));
  });

  it('is not made again after DEADLINE, when it may be in the log', async () => {
    const late = { code: status.DEADLINE_EXCEEDED, message: 'late', retryAfterMs: 1 };
    const { alerting, asked } = await startAlerting({ refusals: [late] });
    await expect(alerting.acknowledge('a', { by: 'ada' })).rejects.toMatchObject({ code: 'DEADLINE' });
    expect(asked).toHaveLength(1);
  });
});

describe('a list', () => {
  it('of alerts has those of all pages, with one filter', async () => {
    const { alerting, asked, traces } = await startAlerting();
    const names = { rules: ['low'], vehicles: ['bus-1'], fleets: ['north'] };
    const range = { fromMs: 1, toMs: 9, isAcknowledged: false };
    const found = await Array.fromAsync(
      alerting.alerts({
        ...{ ...names, ...range, states: ['firing', 'resolved'], severities: ['critical'] },
        ...{ atLeast: [POSITION], traceparent: '00-1-2-01' },
      }),
    );
    expect(found.map(({ id, state, severity }) => [id, state, severity])).toEqual([
      ['a', 'firing', 'warning'],
      ['b', 'resolved', 'warning'],
    ]);
    const states = [AlertState.FIRING, AlertState.RESOLVED];
    const filter = { ...names, ...range, states, severities: [AlertSeverity.CRITICAL] };
    const request = { filter, pageSize: 1_000, atLeast: [POSITION] };
    expect(asked).toEqual(['', '1'].map((pageToken) => ({ ...request, pageToken })));
    expect(traces).toEqual(['00-1-2-01', '00-1-2-01']);
    const { alerts, nextPageToken } = await alerting.alertPage({ pageSize: 7 });
    expect([alerts.length, nextPageToken]).toEqual([1, '1']);
    expect(asked[2]).toMatchObject({ pageSize: 7, filter: { states: [], isAcknowledged: undefined } });
  });

  it('of rules and of silences has those of all pages', async () => {
    const { alerting, asked } = await startAlerting();
    const rules = await Array.fromAsync(alerting.rules());
    expect(rules.map(({ name }) => name)).toEqual(['low', 'speeding']);
    const silences = await Array.fromAsync(alerting.silences({ withEnded: true }));
    const none = { rules: [], vehicles: [], fleets: [], severities: [] };
    expect(silences.map(({ id, terms }) => [id, terms])).toEqual([
      ['one', { ...none, rules: ['low'], severities: ['info'], startsAtMs: 1, endsAtMs: 2 }],
      ['two', { ...none, startsAtMs: 0, endsAtMs: 0 }],
    ]);
    expect(asked.slice(2)).toEqual(
      ['', '1'].map((pageToken) => ({ withEnded: true, pageSize: 1_000, pageToken })),
    );
  });

  it('refuses a word that is not a state or a severity, without asking', async () => {
    const { alerting, asked } = await startAlerting();
    const states = ['firing', 'burning'] as never;
    await expect(alerting.alertPage({ states })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/^states\[1\] is "burning", but must be one of pending, /),
      findings: [{ field: 'states[1]' }],
    });
    const severities = ['toString'] as never;
    await expect(alerting.previewSilence({ ...TERMS, severities })).rejects.toMatchObject({
      findings: [{ field: 'severities[0]' }],
    });
    expect(asked).toEqual([]);
  });
});

test('single answers are given with their words', async () => {
  const { alerting, asked } = await startAlerting();
  expect(await alerting.alert('a')).toMatchObject({
    alert: { id: 'a', state: 'firing', severity: 'warning' },
    history: [{ type: 'AlertFired', severity: 'critical' }],
    notices: [{ receiver: 'hook', state: 'delivered' }],
  });
  expect(await alerting.describe()).toMatchObject({ enabledRules: 8, firing: 2 });
  expect(await alerting.rule('low')).toEqual(RULE);
  expect(await alerting.ruleHistory('low')).toMatchObject([{ type: 'RuleCreated', by: 'ada' }]);
  expect(await alerting.checkRules('rule: low\n')).toEqual({ rules: ['low'], findings: [] });
  expect(await alerting.previewSilence(TERMS)).toMatchObject({ alerts: [{ state: 'firing' }], count: 7 });
  expect(asked.slice(0, 5)).toEqual([
    { alertId: 'a' },
    {},
    ...[{ rule: 'low' }, { rule: 'low' }, { documents: 'rule: low\n' }],
  ]);
});

it.each<[string, (alerting: Alerting) => Promise<unknown>]>([
  ['an alert without its content', (alerting) => alerting.alert('a')],
  ['an alert without its content', (alerting) => alerting.acknowledge('a', { by: 'ada' })],
  ['a rule without its content', (alerting) => alerting.rule('low')],
  ['a decision without its position', (alerting) => alerting.endSilence('one', { by: 'ada' })],
])('fails when the server sends %s', async (what, ask) => {
  const { alerting } = await startAlerting({ refusals: ['empty'] });
  const message = `the server sent ${what}`;
  await expect(ask(alerting)).rejects.toMatchObject({ code: 'INTERNAL', message });
});

test('a backtest gives how far it is, and then its result', async () => {
  const { alerting, asked } = await startAlerting();
  const steps = await Array.fromAsync(
    alerting.backtest('rule: low\n', { fromMs: 1, toMs: 9, maxEvents: 50 }),
  );
  expect(steps.map(({ share, events, result }) => [share, events, result?.vehicles])).toEqual([
    [0.5, 10, undefined],
    [1, 20, 3],
  ]);
  const asWritten = { document: 'rule: low\n', otherDocument: '', fromMs: 1, toMs: 9, maxEvents: 50 };
  expect(asked).toEqual([{ ...asWritten, withStateHashes: false }]);
});

test('dead letters come from all pages, and are replayed by id or by receiver', async () => {
  const { alerting, asked } = await startAlerting();
  const letters = await Array.fromAsync(alerting.deadLetters({ receiver: 'hook' }));
  expect(letters.map(({ id }) => id)).toEqual(['one', 'two']);
  const { replayed, notFound } = await alerting.replayDeadLetters({ ids: ['one', 'two'] });
  expect([replayed, notFound]).toEqual([['one'], ['two']]);
  await alerting.replayDeadLetters({ receiver: 'hook' });
  expect(asked).toEqual([
    { receiver: 'hook', pageSize: 100, pageToken: '' },
    { receiver: 'hook', pageSize: 100, pageToken: '1' },
    { ids: ['one', 'two'], receiver: '' },
    { ids: [], receiver: 'hook' },
  ]);
});

test('what a newer service sends does not stop it', async () => {
  PAGES.alerts[1]?.alerts.push({ ...alertOf('c'), state: 77 as AlertState, severity: 9 as AlertSeverity });
  const { alerting } = await startAlerting();
  const { alerts } = await alerting.alertPage({ pageToken: '1' });
  expect(alerts[1]).toMatchObject({ id: 'c', state: 'unknown', severity: undefined });
  PAGES.alerts[1]?.alerts.pop();
});

describe('a watch', () => {
  it('is opened again after each disconnect, and says that it begins again', async () => {
    const { alerting, watched } = await startAlerting({ watches: [unavailable('away', 1), 'end', 'stay'] });
    const faults: Fault['code'][] = [];
    const stop = new AbortController();
    const messages = [];
    const watch = alerting.watchAlerts({
      ...{ rules: ['low'], severities: ['warning'], signal: stop.signal },
      onDisconnect: ({ code }) => void faults.push(code),
    });
    for await (const { alerts, ...message } of watch) {
      messages.push({ ...message, ids: alerts.map(({ id }) => id) });
      if (messages.length === 6) stop.abort();
    }
    expect(messages).toEqual(
      ['w0', 'w1', 'w2'].flatMap((id) => [
        { ids: [id], leftIds: [], isCaughtUp: false, beginsAgain: true },
        { ids: [], leftIds: ['x'], isCaughtUp: true, beginsAgain: false },
      ]),
    );
    expect(faults).toEqual(['UNAVAILABLE', 'UNAVAILABLE']);
    expect(watched).toHaveLength(3);
    for (const { filter } of watched)
      expect(filter).toMatchObject({ rules: ['low'], severities: [AlertSeverity.WARNING], states: [] });
  });

  it('ends with what will not pass', async () => {
    const wrong = { code: status.INVALID_ARGUMENT, message: 'filter.rules[0] must have 1 to 256 characters' };
    const { alerting } = await startAlerting({ watches: [wrong] });
    const watch = Array.fromAsync(alerting.watchAlerts({ rules: [''] }));
    await expect(watch).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
});

test('a client without the address of alerting says what to pass', async () => {
  using other = createClient({ history: '127.0.0.1:1' });
  await expect(other.alerting.describe()).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringContaining("pass { alerting: 'host:port' }"),
  });
});
