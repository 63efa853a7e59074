import { createClient } from '@odograph/client';
import { AlertRulesService } from '@odograph/contracts/generated/odograph/alerting/v1/alert_rules';
import { AlertState, AlertsService } from '@odograph/contracts/generated/odograph/alerting/v1/alerts';
import { DeadLettersService } from '@odograph/contracts/generated/odograph/alerting/v1/dead_letters';
import { SilencesService } from '@odograph/contracts/generated/odograph/alerting/v1/silences';
import { eventually } from '@odograph/testing/eventually';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startAlerting, startHook } from './cluster.fixture.ts';

let alerting: Awaited<ReturnType<typeof startAlerting>>;

let hook: Awaited<ReturnType<typeof startHook>>;

beforeAll(async () => {
  hook = await startHook();
  alerting = await startAlerting({ env: { ODO_ALERTING_STORE_MS: '200', ...hook.env } });
});
afterAll(async () => {
  await alerting.stop();
  await hook.stop();
});

const SPEEDING = 'rule: speeding\nwhen: speed_kmh > 130\nlateness: 0s\n';

describe('a rule', () => {
  test('finds an alert on the live log, with what it saw, and ends it', async () => {
    const { report, createRule, alerts } = alerting;
    await createRule(SPEEDING);
    const nowMs = Date.now();
    await report('fast', nowMs - 2_000, { speed_kmh: 150 });
    await eventually(async () =>
      expect(await alerts()).toMatchObject([
        {
          vehicleId: 'fast',
          rule: 'speeding',
          revision: 1,
          state: AlertState.FIRING,
          values: { speed_kmh: '150' },
        },
      ]),
    );
    await report('fast', nowMs - 1_000, { speed_kmh: 100 });
    await eventually(async () =>
      expect(await alerts()).toMatchObject([{ state: AlertState.RESOLVED, endedAtMs: nowMs - 1_000 }]),
    );
  });

  test('is decided once, and a mistake in it is named by its line and the nearest right name', async () => {
    const { call } = alerting;
    const request = {
      decisionId: 'again',
      document: 'rule: low\nwhen: battery_level_pct < 20\n',
      by: 'ada',
      note: '',
    };
    const first = await call(AlertRulesService.create, request);
    expect(await call(AlertRulesService.create, request)).toEqual(first);
    const wrong = { ...request, decisionId: 'wrong', document: 'rule: other\nwhen: battery_level < 20\n' };
    await expect(call(AlertRulesService.create, wrong)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/line 2.*did you mean battery_level_pct/),
    });
    const unknown = { decisionId: 'x', rule: 'none', by: 'ada', note: '' };
    await expect(call(AlertRulesService.disable, unknown)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('that is disabled ends its alerts, and fires again when it is enabled', async () => {
    const { call, report, createRule, logged } = alerting;
    await createRule('rule: hot\nwhen: ambient_temperature_c > 40\nlateness: 0s\n');
    await report('oven', Date.now(), { ambient_temperature_c: 45 });
    await eventually(async () => expect((await logged())['oven']).toEqual(['AlertFired']));
    await call(AlertRulesService.disable, { decisionId: 'off', rule: 'hot', by: 'ada', note: 'maintenance' });
    await eventually(async () => expect((await logged())['oven']).toEqual(['AlertFired', 'AlertResolved']));
    await call(AlertRulesService.enable, { decisionId: 'on', rule: 'hot', by: 'ada', note: '' });
    await eventually(async () =>
      expect((await logged())['oven']).toEqual(['AlertFired', 'AlertResolved', 'AlertFired']),
    );
    const { changes } = await call(AlertRulesService.history, { rule: 'hot' });
    expect(changes.map(({ type, by }) => `${type} ${by}`)).toEqual([
      ...['RuleEnabled ada', 'RuleDisabled ada', 'RuleCreated ada'],
    ]);
  });
});

test('a backtest says what a rule would have done, and what another revision changes', async () => {
  const { report, backtest } = alerting;
  const nowMs = Date.now();
  for (const [at, battery] of [60, 30, 18, 12, 60].entries())
    await report('tested', nowMs - 60_000 + at * 10_000, { battery_level_pct: battery });
  const below = (limit: number) =>
    `rule: tested\nscope: { vehicles: [tested] }\nwhen: battery_level_pct < ${limit}\n`;
  const result = await backtest(below(20), below(40));
  expect(result).toMatchObject({
    asKnownThen: { episodes: 1, pages: 1, listed: [{ vehicleId: 'tested', startedAtMs: nowMs - 40_000 }] },
    asKnownNow: { episodes: 1 },
    otherAsKnownThen: { episodes: 1 },
    difference: { added: [], removed: [], moved: [{ startedAtMs: nowMs - 50_000 }] },
  });
  expect(result?.stateHashes).toHaveLength(2);
  expect(await backtest(below(1))).toMatchObject({ asKnownThen: { episodes: 0, pages: 0 } });
  await expect(backtest(below(20), '', 3)).rejects.toMatchObject({
    code: 'TOO_LARGE',
    message: expect.stringContaining('more than 3 events'),
  });
  expect(await backtest(below(20))).toMatchObject({ asKnownThen: { episodes: 1 } });
});

describe('a receiver', () => {
  const heardOf = (vehicleId: string) =>
    hook.notices().flatMap(({ kind, alert }) => (alert.vehicle_id === vehicleId ? [kind] : []));

  /** The notices of the alert of a vehicle, as they are shown. */
  async function toldOf(vehicleId: string): Promise<readonly string[]> {
    const alertId = (await alerting.alerts()).find((alert) => alert.vehicleId === vehicleId)?.id ?? '';
    const { notices } = await alerting.call(AlertsService.get, { alertId });
    return notices.map(({ kind, state }) => `${kind} ${state}`);
  }

  test('hears that an alert fires and that it is over, signed, each once, though alerting is killed between', async () => {
    const { cluster, report } = alerting;
    const nowMs = Date.now();
    await report('heard', nowMs - 3_000, { speed_kmh: 150 });
    await eventually(() => expect(heardOf('heard')).toEqual(['firing']));
    await eventually(async () => expect(await toldOf('heard')).toEqual(['firing delivered']));
    await cluster.alertings[0]?.kill();
    await cluster.alertings[0]?.start();
    await report('heard', nowMs - 1_000, { speed_kmh: 50 });
    await eventually(() => expect(heardOf('heard')).toEqual(['firing', 'resolved']));
    expect(hook.unsigned()).toBe(0);
    const both = ['firing delivered', 'resolved delivered'];
    await eventually(async () => expect(await toldOf('heard')).toEqual(both));
  });

  test('does not hear of what is silenced', async () => {
    const { call, report, alerts } = alerting;
    const nowMs = Date.now();
    const terms = {
      ...{ rules: [], vehicles: ['quiet'], fleets: [], severities: [] },
      ...{ startsAtMs: nowMs - 1_000, endsAtMs: nowMs + 600_000 },
    };
    const set = { decisionId: 's1', silenceId: 'track-day', terms, by: 'ada', comment: 'on the track' };
    await call(SilencesService.set, set);
    await report('quiet', nowMs, { speed_kmh: 200 });
    const alertId = await eventually(async () => {
      const own = (await alerts()).find(({ vehicleId }) => vehicleId === 'quiet');
      expect(own?.state).toBe(AlertState.FIRING);
      return own?.id ?? '';
    });
    const { notices } = await call(AlertsService.get, { alertId });
    expect(notices).toMatchObject([{ state: 'suppressed', reason: 'silence track-day' }]);
    expect(heardOf('quiet')).toEqual([]);
    const { count } = await call(SilencesService.preview, {
      terms: { ...terms, endsAtMs: Date.now() + 1_000 },
    });
    expect(count).toBe(1);
    // It still fires when the silence is over: the next tick of the log says so.
    await call(SilencesService.end, { decisionId: 's2', silenceId: 'track-day', by: 'ada' });
    await eventually(() => expect(heardOf('quiet')).toEqual(['firing']), 25_000);
    expect(await toldOf('quiet')).toEqual(['firing suppressed', 'firing delivered']);
  });
});

test('what a receiver did not want is a dead letter, and reaches it in order once a person replays it', async () => {
  const { call, report } = alerting;
  const letters = async (pageToken = '', pageSize = 0) =>
    await call(DeadLettersService.list, { receiver: 'hook', pageSize, pageToken });
  const nowMs = Date.now();
  hook.setGone(true);
  await report('unwanted', nowMs - 3_000, { speed_kmh: 150 });
  await eventually(async () => expect((await letters()).deadLetters).toHaveLength(1));
  await report('unwanted', nowMs - 1_000, { speed_kmh: 50 });
  await eventually(async () => expect((await letters()).deadLetters).toHaveLength(2));
  const first = await letters('', 1);
  const second = await letters(first.nextPageToken, 1);
  const pages = [...first.deadLetters, ...second.deadLetters];
  expect(pages.map(({ notices }) => notices.map(({ kind }) => kind))).toEqual([['resolved'], ['firing']]);
  expect(pages[1]).toMatchObject({ receiver: 'hook', reason: expect.stringContaining('410'), attempts: 1 });
  expect(second.nextPageToken).toBe('');
  hook.setGone(false);
  const ids = pages.map(({ id }) => id);
  const { replayed } = await call(DeadLettersService.replay, { ids: [], receiver: 'hook' });
  expect(replayed).toEqual(ids);
  const heard = () =>
    hook.notices().flatMap(({ kind, alert }) => (alert.vehicle_id === 'unwanted' ? [kind] : []));
  await eventually(() => expect(heard()).toEqual(['firing', 'resolved']));
  const again = await call(DeadLettersService.replay, { ids, receiver: '' });
  expect(again).toEqual({ replayed: [], notFound: ids });
  for (const wrong of [
    { ids: [], receiver: '' },
    { ids, receiver: 'hook' },
    { ids: [''], receiver: '' },
  ])
    await expect(call(DeadLettersService.replay, wrong)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});

test('an alert is acknowledged while it goes on, by the first who does', async () => {
  const { call, report, alerts } = alerting;
  await report('racer', Date.now(), { speed_kmh: 180 });
  const alertId = await eventually(async () => {
    const own = (await alerts()).find(({ vehicleId }) => vehicleId === 'racer');
    expect(own?.state).toBe(AlertState.FIRING);
    return own?.id ?? '';
  });
  for (const by of ['ada', 'bob']) await call(AlertsService.acknowledge, { alertId, by, note: 'I call' });
  const { alert, history } = await call(AlertsService.get, { alertId });
  expect(alert?.acknowledged).toMatchObject({ by: 'ada', note: 'I call' });
  expect(history.map(({ type, by }) => `${type} ${by}`)).toEqual([
    ...['AlertFired ', 'AlertAcknowledged ada', 'AlertAcknowledged bob'],
  ]);
  await expect(
    call(AlertsService.acknowledge, { alertId: 'none', by: 'ada', note: '' }),
  ).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
});

test('a watch of what no person takes care of begins with what is there, and says what leaves it', async () => {
  const { cluster, call, report } = alerting;
  using client = createClient({ alerting: cluster.endpoints.alertings[0] ?? '' });
  await report('watched', Date.now(), { speed_kmh: 180 });
  const ending = new AbortController();
  const words: string[] = [];
  const filter = { vehicles: ['watched'], isAcknowledged: false, signal: ending.signal };
  for await (const { alerts, leftIds, beginsAgain } of client.alerting.watchAlerts(filter)) {
    if (beginsAgain) words.push('begins');
    for (const { id, state } of alerts) {
      words.push(state);
      await call(AlertsService.acknowledge, { alertId: id, by: 'ada', note: '' });
    }
    if (leftIds.length === 0) continue;
    words.push(`${leftIds.length} left`);
    ending.abort();
  }
  expect(words).toEqual(['begins', 'firing', '1 left']);
});

test('after a crash, what fired has fired once, and goes on', async () => {
  const { cluster, report, logged, alerts } = alerting;
  const nowMs = Date.now();
  await report('crash', nowMs - 3_000, { speed_kmh: 150 });
  await eventually(async () => expect((await logged())['crash']).toEqual(['AlertFired']));
  await cluster.alertings[0]?.kill();
  await report('crash', nowMs - 2_000, { speed_kmh: 160 });
  await cluster.alertings[0]?.start();
  await report('crash', nowMs - 1_000, { speed_kmh: 50 });
  await eventually(async () => expect((await logged())['crash']).toEqual(['AlertFired', 'AlertResolved']));
  await eventually(async () => {
    const own = (await alerts()).filter(({ vehicleId }) => vehicleId === 'crash');
    expect(own).toMatchObject([{ state: AlertState.RESOLVED, startedAtMs: nowMs - 3_000 }]);
  });
});
