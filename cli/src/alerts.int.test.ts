import { AlertSeverity, AlertState } from '@odograph/contracts/generated/odograph/alerting/v1/alerts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AT_MS, FIRING, RESOLVED, startAlerting } from './alerting.fixture.ts';
import { type CliOptions, jsonLines, runCli } from './cli.fixture.ts';

let alerting: Awaited<ReturnType<typeof startAlerting>>;

beforeAll(async () => {
  alerting = await startAlerting();
});
beforeEach(() => {
  for (const requests of Object.values(alerting.asked)) requests.length = 0;
});
afterAll(() => alerting.stop());

const people = (args: readonly string[], options: CliOptions = {}) =>
  runCli([...args, '--endpoint', alerting.endpoint], options);
const cli = (...args: string[]) => people([...args, '--json']);

const FIRING_JSON = {
  ...{ id: FIRING.id, rule: 'low-battery', revision: 2, vehicle_id: 'bus-1', fleet: 'north' },
  ...{ state: 'firing', severity: 'warning', because: 'condition', late: false, flapping: false },
  ...{ started_at: '2026-11-21T10:00:00.000Z', fired_at: '2026-11-21T10:02:00.000Z', ended_at: null },
  ...{ values: { battery_level_pct: '18.5', speed_kmh: '3' }, acknowledged: null },
};

describe('odograph alerts list', () => {
  it('is one object an alert, over all pages', async () => {
    const { code, stdout, stderr } = await cli('alerts', 'list');
    expect([code, stderr]).toEqual([0, '']);
    expect(jsonLines(stdout)).toEqual([
      FIRING_JSON,
      expect.objectContaining({
        ...{ state: 'resolved', severity: 'critical', ended_at: '2026-11-21T10:05:00.000Z' },
        acknowledged: { by: 'ada', note: 'on my way', at: '2026-11-21T10:02:10.000Z' },
      }),
      expect.objectContaining({ state: 'pending', severity: null, fired_at: null }),
    ]);
    expect(stdout).toContain('"values":{"battery_level_pct":"18.5","speed_kmh":"3"}');
  });

  it('is a table for people, and says that there is none', async () => {
    const { stdout } = await people(['alerts', 'list']);
    expect(stdout).toMatch(
      /^state +severity +rule +vehicle +since +for +acknowledged by +id\nfiring +warning +low-battery +bus-1 +2026-11-21T10:00:00\.000Z +\S+ \S+ +low-battery\/bus-1\/a1\nresolved .* 5 min +ada /,
    );
    const none = await people(['alerts', 'list', '--fleet', 'nowhere']);
    expect(none).toEqual({
      ...{ code: 0, stdout: '' },
      stderr: 'no such alert is going on: --all prints those that are over too\n',
    });
  });

  it('asks for those that are going on, unless states or all are asked for', async () => {
    for (const args of [[], ['--state', 'firing', '--state', 'resolved'], ['--all']])
      await cli('alerts', 'list', '--limit', '1', ...args);
    const { PENDING, FIRING: firing, RECOVERING, RESOLVED: resolved } = AlertState;
    expect(alerting.asked.lists.map(({ filter, pageSize }) => [filter?.states, pageSize])).toEqual([
      [[PENDING, firing, RECOVERING], 1],
      [[firing, resolved], 1],
      [[], 1],
    ]);
  });

  it('asks with every condition', async () => {
    const names = ['--rule', 'a', '--rule', 'b', '--vehicle', 'bus-1', '--fleet', 'north'];
    const times = ['--from', '2026-11-21', '--to', '2026-11-22'];
    await cli('alerts', 'list', ...names, ...times, '--severity', 'critical', '--unacknowledged');
    await cli('alerts', 'list', '--acknowledged');
    expect(alerting.asked.lists[0]?.filter).toMatchObject({
      ...{ rules: ['a', 'b'], vehicles: ['bus-1'], fleets: ['north'], severities: [AlertSeverity.CRITICAL] },
      ...{ fromMs: Date.UTC(2026, 10, 21), toMs: Date.UTC(2026, 10, 22), isAcknowledged: false },
    });
    expect(alerting.asked.lists.at(-1)?.filter?.isAcknowledged).toBe(true);
  });

  it.each([
    [['--state', 'burning'], 'It must be one of pending, subsided, firing'],
    [['--severity', 'bad'], 'It must be one of info, warning, critical.'],
    [['--all', '--state', 'firing'], "option '--all' cannot be used with option '--state <state>'"],
    [['--acknowledged', '--unacknowledged'], "cannot be used with option '--unacknowledged'"],
    [['--from', '2026-11-22', '--to', '2026-11-21'], '--from 2026-11-22T00:00:00.000Z must be before --to'],
  ])('refuses %j as wrong usage', async (args, why) => {
    const { code, stdout, stderr } = await people(['alerts', 'list', ...args]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(why);
    expect(alerting.asked.lists).toEqual([]);
  });
});

describe('odograph alerts show', () => {
  it('is an alert with its history and its notices', async () => {
    const { stdout } = await cli('alerts', 'show', FIRING.id);
    const entry = { severity: null, because: '', by: '', note: '' };
    expect(jsonLines(stdout)).toEqual([
      {
        ...FIRING_JSON,
        history: [
          {
            ...{ ...entry, type: 'AlertPending' },
            ...{ at: '2026-11-21T10:00:00.000Z', recorded_at: '2026-11-21T10:00:01.000Z' },
          },
          expect.objectContaining({ type: 'AlertFired', severity: 'warning', because: 'condition' }),
          expect.objectContaining({ type: 'AlertAcknowledged', at: null, by: 'ada', note: 'on my way' }),
        ],
        notices: [
          {
            ...{ receiver: 'hook', kind: 'firing', state: 'suppressed' },
            ...{ reason: 'silenced by depot-works', at: '2026-11-21T10:00:00.000Z' },
          },
        ],
      },
    ]);
  });

  it('is three tables for people', async () => {
    const { stdout } = await people(['alerts', 'show', FIRING.id]);
    expect(stdout).toMatch(/rule +low-battery, revision 2\n.*values +battery_level_pct=18\.5 speed_kmh=3\n/s);
    expect(stdout).toMatch(/10:02:10\.000Z +AlertAcknowledged +by ada, on my way\n/);
    expect(stdout).toMatch(/hook +firing +suppressed +silenced by depot-works\n$/);
    const resolved = await people(['alerts', 'show', RESOLVED.id]);
    expect(resolved.stdout).toMatch(
      /acknowledged by +ada at 2026-.*\nnote +on my way\n.*no notice to a receiver\n$/s,
    );
  });

  it('of an alert that does not exist is not found', async () => {
    const { code, stderr } = await people(['alerts', 'show', 'nothing']);
    expect([code, stderr]).toEqual([
      3,
      'odograph: there is no alert nothing: `odograph alerts list` shows them\n',
    ]);
  });
});

describe('odograph alerts ack', () => {
  it('acknowledges an alert, and says who was first', async () => {
    const args = ['alerts', 'ack', FIRING.id, '--by', 'ada', '--note', 'on my way'];
    expect((await people(args)).stdout).toBe(`${FIRING.id} is acknowledged by ada\n`);
    expect((await people(args)).stdout).toBe(
      `${FIRING.id} is acknowledged by bob since 2026-11-21T10:00:00.000Z; you are in its history too\n`,
    );
    expect(alerting.asked.acknowledged[0]).toEqual({ alertId: FIRING.id, by: 'ada', note: 'on my way' });
    const { stdout } = await cli('alerts', 'ack', FIRING.id);
    expect(jsonLines(stdout)).toEqual([
      {
        ...{ ...FIRING_JSON, position: '0/12/3' },
        acknowledged: { by: 'bob', note: '', at: '2026-11-21T10:00:00.000Z' },
      },
    ]);
    // The user of the operating system.
    expect(alerting.asked.acknowledged[2]?.by).toMatch(/^\S+$/);
  });

  it('fails for one that is over', async () => {
    const { code, stderr } = await cli('alerts', 'ack', RESOLVED.id);
    const message = `alert ${RESOLVED.id} is resolved`;
    expect([code, jsonLines(stderr)]).toEqual([1, [{ error: { code: 'RULE_VIOLATED', message } }]]);
  });
});

describe('odograph alerts silence', () => {
  it('sets a silence for the rule and vehicle of an alert, and says how to end it', async () => {
    const args = ['alerts', 'silence', FIRING.id, '--for', '2h', '--comment', 'depot', '--by', 'ada'];
    const { stdout } = await people(args);
    const [{ silenceId, terms, ...reason } = expect.unreachable()] = alerting.asked.set;
    expect(silenceId).toMatch(/^low-battery-bus-1-[0-9a-f]{6}$/);
    expect(stdout).toMatch(
      new RegExp(`^silence ${silenceId}: receivers get nothing of low-battery for bus-1 until 20.*Z\n`),
    );
    expect(stdout).toContain(`end it before that with: odograph silences end ${silenceId}\n`);
    expect(reason).toMatchObject({ by: 'ada', comment: 'depot' });
    const { startsAtMs = 0, endsAtMs = 0, ...names } = terms ?? {};
    expect(names).toEqual({ rules: ['low-battery'], vehicles: ['bus-1'], fleets: [], severities: [] });
    expect(endsAtMs - startsAtMs).toBe(7_200_000);
    const again = jsonLines((await cli('alerts', 'silence', FIRING.id, '--for', '1d')).stdout);
    expect(again).toEqual([
      {
        ...{ silence: silenceId, rule: 'low-battery', vehicle_id: 'bus-1' },
        ...{ ends_at: expect.stringMatching(/Z$/), version: 1, position: '0/12/3' },
      },
    ]);
  });

  it.each([
    [[FIRING.id], "required option '--for <duration>' not specified"],
    [[FIRING.id, '--for', '2'], 'It must be how long, such as 90s, 30m, 2h or 7d'],
    [[FIRING.id, '--for', '0s'], 'It must be how long'],
    [[FIRING.id, '--for', '367d'], 'at most 366d'],
  ])('refuses %j as wrong usage', async (args, why) => {
    const { code, stderr } = await people(['alerts', 'silence', ...args]);
    expect([code, alerting.asked.set]).toEqual([2, []]);
    expect(stderr).toContain(why);
  });
});

describe('odograph alerts watch', () => {
  const afterLines = (count: number): CliOptions => ({
    onStdout: (text) => (text.split('\n').length > count ? 'SIGINT' : undefined),
  });

  it('prints each change once, also what ended during a disconnect, and ends without an error at Ctrl-C', async () => {
    const args = ['alerts', 'watch', '--rule', 'a', '--severity', 'info', '--unacknowledged', '--json'];
    const { code, stdout, stderr } = await people(args, afterLines(5));
    expect(stderr).toBe('the server is shutting down; trying again\n');
    expect(code).toBe(0);
    const lines = jsonLines(stdout) as { id: string; state: string; severity: string }[];
    expect(lines.map(({ id, state, severity }) => `${id} ${state} ${severity}`)).toEqual([
      `${RESOLVED.id} resolved critical`,
      `${FIRING.id} firing warning`,
      `${RESOLVED.id} recovering critical`,
      `${RESOLVED.id} resolved critical`,
      `${FIRING.id} firing critical`,
    ]);
    expect(alerting.asked.watches).toHaveLength(2);
    for (const { filter } of alerting.asked.watches)
      expect(filter).toMatchObject({ rules: ['a'], severities: [AlertSeverity.INFO], isAcknowledged: false });
  });

  it('prints a line for people', async () => {
    const { stdout } = await people(['alerts', 'watch'], afterLines(2));
    expect(stdout.split('\n').slice(0, 2)).toEqual([
      `resolved    critical  ${RESOLVED.id}  until 2026-11-21T10:05:00.000Z  acknowledged by ada`,
      `firing      warning   ${FIRING.id}  since ${new Date(AT_MS).toISOString()}  battery_level_pct=18.5 speed_kmh=3`,
    ]);
  });
});

describe('odograph silences', () => {
  it('lists those that are not over, or all', async () => {
    const { stdout } = await cli('silences', 'list');
    expect(jsonLines(stdout)).toEqual([
      {
        ...{ id: 'depot-works', rules: ['low-battery', 'offline'], vehicles: [], fleets: ['north'] },
        ...{ severities: ['warning'], starts_at: '2026-11-21T10:00:00.000Z' },
        ...{ ends_at: '2026-11-21T12:00:00.000Z', by: 'ada', comment: 'works', ended_by: null, version: 1 },
      },
    ]);
    const all = await people(['silences', 'list', '--all']);
    expect(all.stdout).toMatch(
      /depot-works +rule low-battery or offline, fleet north, severity warning +2026.*ada +works\nover .* ended by bob\n$/,
    );
    expect(alerting.asked.silences.map(({ withEnded }) => withEnded)).toEqual([false, true]);
  });

  it('sets and ends one', async () => {
    const args = [
      '--for',
      '90s',
      '--fleet',
      'north',
      '--severity',
      'info',
      '--vehicle',
      'a',
      '--vehicle',
      'b',
    ];
    const set = await cli('silences', 'set', 'depot', ...args, '--comment', 'works', '--by', 'ada');
    expect(jsonLines(set.stdout)).toEqual([
      { silence: 'depot', ends_at: expect.stringMatching(/Z$/), version: 1, position: '0/12/3' },
    ]);
    expect(alerting.asked.set[0]).toMatchObject({
      ...{ silenceId: 'depot', by: 'ada', comment: 'works' },
      terms: { fleets: ['north'], severities: [AlertSeverity.INFO], vehicles: ['a', 'b'], rules: [] },
    });
    const ended = await people(['silences', 'end', 'depot', '--by', 'ada']);
    expect(ended.stdout).toBe('silence depot is over\n');
    expect(alerting.asked.ended).toMatchObject([{ silenceId: 'depot', by: 'ada' }]);
    const { stdout } = await cli('silences', 'end', 'depot');
    expect(jsonLines(stdout)).toEqual([{ silence: 'depot', ended: true, version: 2, position: '0/12/3' }]);
  });

  it.each([
    [['set', 'depot', '--for', '1h'], 'give --rule, --vehicle, --fleet or --severity'],
    [['set', 'Depot', '--for', '1h', '--rule', 'a'], 'It must be 1 to 63 of a-z 0-9'],
    [['set', 'depot', '--for', '1h', '--rule', 'a'.repeat(101)], '--rule must have 1 to 100 characters'],
    [['preview', '--from', '-1h', '--to', 'now'], 'give --rule, --vehicle, --fleet or --severity'],
    [['preview', '--from', 'now', '--to', '-1h', '--rule', 'a'], 'must be before --to'],
  ])('refuse %j, in the words of the flags', async (args, why) => {
    const { code, stdout, stderr } = await people(['silences', ...args]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(why);
  });

  it('preview prints the alerts that one would have been for', async () => {
    const range = ['--from', '2026-11-21', '--to', '2026-11-22'];
    const { stdout } = await cli('silences', 'preview', ...range, '--rule', 'low-battery');
    expect(jsonLines(stdout)).toEqual([{ count: 120, alerts: [FIRING_JSON] }]);
    expect(alerting.asked.previews[0]?.terms).toMatchObject({
      ...{ rules: ['low-battery'], startsAtMs: Date.UTC(2026, 10, 21), endsAtMs: Date.UTC(2026, 10, 22) },
    });
    const table = await people(['silences', 'preview', ...range, '--rule', 'low-battery']);
    expect([table.stdout, table.stderr]).toEqual([
      expect.stringMatching(/\nfiring +warning +low-battery /),
      'the newest 1 of 120\n',
    ]);
    const none = await people(['silences', 'preview', ...range, '--fleet', 'nowhere']);
    expect(none.stderr).toBe('no such alert: a silence would have changed nothing\n');
  });
});
