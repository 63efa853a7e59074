import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LOW_BATTERY, SPEEDING, startAlerting } from './alerting.fixture.ts';
import { type CliOptions, jsonLines, runCli } from './cli.fixture.ts';

let alerting: Awaited<ReturnType<typeof startAlerting>>;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'odograph-rules-'));
  alerting = await startAlerting();
});
beforeEach(() => {
  for (const requests of Object.values(alerting.asked)) requests.length = 0;
  alerting.rules.forget();
  alerting.rules.failing = '';
});
afterAll(async () => {
  await alerting.stop();
  rmSync(folder, { recursive: true });
});

const people = (args: readonly string[], options: CliOptions = {}) =>
  runCli([...args, '--endpoint', alerting.endpoint], options);
const cli = (...args: string[]) => people([...args, '--json']);

function fileOf(text: string): string {
  const file = join(folder, 'rules.yaml');
  writeFileSync(file, text);
  return file;
}

const OFFLINE = 'rule: offline\nwhen: { no_report_for: 1h }\n';
const THREE = `${LOW_BATTERY}---\n${SPEEDING}---\n${OFFLINE}`;

describe('odograph rules', () => {
  it('list prints the rules of all pages', async () => {
    const { code, stdout } = await cli('rules', 'list');
    expect([code, jsonLines(stdout)]).toEqual([
      0,
      [
        { rule: 'low-battery', revision: 1, version: 2, enabled: true, document: LOW_BATTERY },
        expect.objectContaining({ rule: 'offline', enabled: false }),
      ],
    ]);
    const table = await people(['rules', 'list']);
    expect(table.stdout).toMatch(
      /^rule +is +revision +version\nlow-battery +enabled +1 +2\noffline +disabled /,
    );
  });

  it('show prints the document of a rule, as it is or as it was', async () => {
    expect((await people(['rules', 'show', 'low-battery'])).stdout).toBe(LOW_BATTERY);
    const asItWas = await people(['rules', 'show', 'low-battery', '--revision', '2']);
    expect(asItWas.stdout).toBe(LOW_BATTERY);
    const { stdout } = await cli('rules', 'show', 'low-battery', '--revision', '1');
    expect(jsonLines(stdout)).toMatchObject([{ rule: 'low-battery', revision: 1, document: LOW_BATTERY }]);
    const { code, stderr } = await people(['rules', 'show', 'low-battery', '--revision', '9']);
    expect([code, stderr]).toEqual([3, expect.stringContaining('see odograph rules history low-battery')]);
    expect((await people(['rules', 'show', 'none'])).code).toBe(3);
  });

  it('history prints what was decided, the newest first', async () => {
    const { stdout } = await cli('rules', 'history', 'low-battery');
    expect(jsonLines(stdout)).toMatchObject([
      { type: 'RuleRevised', version: 2, revision: 2, by: 'ada', note: 'less', document: LOW_BATTERY },
      { type: 'RuleCreated', at: '2026-11-21T10:00:00.000Z' },
    ]);
    const table = await people(['rules', 'history', 'low-battery']);
    expect(table.stdout).toMatch(/\n2026-11-21T10:00:00\.000Z +RuleRevised +2 +2 +ada +less\n/);
  });

  it('enable and disable say the version, and why they cannot', async () => {
    const { stdout } = await cli('rules', 'enable', 'offline', '--by', 'ada', '--note', 'again');
    expect(jsonLines(stdout)).toEqual([{ rule: 'offline', version: 3, position: '0/12/3' }]);
    const done = await people(['rules', 'disable', 'offline', '--by', 'ada']);
    expect(done.stdout).toBe('offline has version 4; the decision is in the log at 0/12/3\n');
    expect(alerting.asked.decisions).toMatchObject([
      { kind: 'enable', rule: 'offline', by: 'ada', note: 'again' },
      { kind: 'disable', rule: 'offline', by: 'ada', note: '' },
    ]);
    const { code, stderr } = await people(['rules', 'disable', 'offline']);
    expect([code, stderr]).toEqual([1, 'odograph: the rule is disabled already\n']);
  });
});

describe('odograph rules check', () => {
  it('names the rules if nothing is wrong, also of standard input', async () => {
    expect((await people(['rules', 'check', '-'], { input: THREE })).stdout).toBe(
      'nothing is wrong with low-battery, speeding, offline\n',
    );
    const { stdout } = await cli('rules', 'check', fileOf(THREE));
    expect(jsonLines(stdout)).toEqual([{ rules: ['low-battery', 'speeding', 'offline'] }]);
    expect(alerting.asked.checked).toEqual([THREE, THREE]);
  });

  it.each(['check', 'apply'])(
    'is what %s does first: it says where it is wrong, and changes nothing',
    async (name) => {
      const file = fileOf('rule: low\nsevrity: info\n');
      const { code, stdout, stderr } = await people(['rules', name, file]);
      expect([code, stdout]).toEqual([2, '']);
      const consequence = name === 'apply' ? ': nothing was changed' : '';
      expect(stderr.split('\n')).toEqual([
        `${file}:3:10: sevrity is not a field here: did you mean severity?`,
        `${file}:7:1: cannot be read`,
        `odograph: ${file} has 2 mistakes${consequence}`,
        '',
      ]);
      expect(alerting.asked.decisions).toEqual([]);
      const json = await cli('rules', name, file);
      const first = { line: 3, column: 10, field: 'sevrity', reason: 'INVALID' };
      expect(json.code).toBe(2);
      expect(jsonLines(json.stderr)).toMatchObject([{ error: { violations: [first, { line: 7 }] } }]);
    },
  );

  it('refuses a name that a file has twice', async () => {
    const file = fileOf(`${SPEEDING}---\n# again\n${SPEEDING}`);
    const { code, stderr } = await people(['rules', 'check', file]);
    const why = 'rule speeding is the name of the document at line 1 too: give one another name';
    expect([code, stderr.split('\n')[0]]).toEqual([2, `${file}:4:1: ${why}`]);
  });

  it('says that a file cannot be read, or not be separated', async () => {
    const missing = await people(['rules', 'check', '/nowhere.yaml']);
    expect([missing.code, missing.stderr]).toEqual([
      2,
      'odograph: the file /nowhere.yaml cannot be read (ENOENT)\n',
    ]);
    const { code, stderr } = await people(['rules', 'check', '-'], {
      input: `${SPEEDING}--- # two\n${OFFLINE}`,
    });
    expect([code, stderr]).toEqual([
      2,
      'odograph: standard input has 2 rules: begin each behind a line with nothing but ---\n',
    ]);
  });
});

describe('odograph rules apply', () => {
  it('creates what is not there, revises what differs, and leaves the rest', async () => {
    const args = ['rules', 'apply', fileOf(THREE), '--by', 'ada', '--note', 'limits'];
    const { code, stdout } = await people(args);
    expect([code, stdout]).toEqual([
      0,
      [
        'unchanged  low-battery, version 2',
        'created    speeding, version 1',
        'revised    offline, version 3, disabled: odograph rules enable offline',
        '',
      ].join('\n'),
    ]);
    expect(alerting.asked.decisions).toMatchObject([
      { kind: 'create', document: SPEEDING, by: 'ada', note: 'limits' },
      { kind: 'revise', document: OFFLINE, expectedVersion: 2 },
    ]);
    const again = await cli('rules', 'apply', fileOf(THREE), '--by', 'ada', '--note', 'limits');
    const unchanged = { action: 'unchanged', dry_run: false };
    expect(jsonLines(again.stdout)).toEqual([
      { rule: 'low-battery', ...unchanged, version: 2, enabled: true },
      { rule: 'speeding', ...unchanged, version: 1, enabled: true },
      { rule: 'offline', ...unchanged, version: 3, enabled: false },
    ]);
    expect(alerting.asked.decisions).toHaveLength(2);
  });

  it('only says what it would do in a dry run', async () => {
    const { stdout, stderr } = await people(['rules', 'apply', '-', '--dry-run'], { input: THREE });
    expect(stdout).toMatch(
      /^unchanged +low-battery, version 2\ncreated +speeding\nrevised +offline, version 2/,
    );
    expect(stderr).toBe('dry run: nothing was changed\n');
    const json = await people(['rules', 'apply', '-', '--dry-run', '--json'], { input: SPEEDING });
    expect(jsonLines(json.stdout)).toEqual([
      { rule: 'speeding', action: 'created', version: 0, enabled: true, dry_run: true },
    ]);
    expect(alerting.asked.decisions).toEqual([]);
  });

  it('after a failure makes the same decisions, and another one for another content or version', async () => {
    const apply = (text: string, by = 'ada') =>
      people(['rules', 'apply', '-', '--by', by], { input: `${LOW_BATTERY}---\n${text}` });
    alerting.rules.failing = 'offline';
    for (const by of ['ada', 'ada', 'bob']) {
      const { code, stderr } = await apply(OFFLINE, by);
      expect([code, stderr]).toEqual([
        4,
        '1 of 2 rules were done by then; apply the file again for the others\nodograph: JetStream does not answer\n',
      ]);
    }
    alerting.rules.failing = '';
    const other = OFFLINE.replace('1h', '2h');
    for (const text of [OFFLINE, other, OFFLINE]) expect((await apply(text)).code).toBe(0);
    const ids = alerting.asked.decisions.map(({ decisionId }) => decisionId as string);
    const [first, second, ofBob, made, , back] = ids;
    expect(first).toMatch(/^apply-[0-9a-f]{32}$/);
    expect([second, made]).toEqual([first, first]);
    // It has the same content as the first one, on a later version.
    expect(new Set([first, ofBob, back]).size).toBe(3);
  });
});
