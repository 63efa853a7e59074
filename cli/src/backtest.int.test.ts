import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AT_MS, LOW_BATTERY, SPEEDING, startAlerting } from './alerting.fixture.ts';
import { jsonLines, runCli } from './cli.fixture.ts';

let alerting: Awaited<ReturnType<typeof startAlerting>>;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'odograph-backtest-'));
  alerting = await startAlerting();
});
beforeEach(() => {
  for (const requests of Object.values(alerting.asked)) requests.length = 0;
});
afterAll(async () => {
  await alerting.stop();
  rmSync(folder, { recursive: true });
});

const RANGE = ['--from', '2026-11-14', '--to', '2026-11-21'];
const people = (...args: string[]) => runCli(['backtest', ...args, '--endpoint', alerting.endpoint]);
const cli = (...args: string[]) => people(...args, '--json');

function fileOf(text: string, name = 'rule.yaml'): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const STRICTER = 'rule: low-battery\nwhen: battery_level_pct < 30\n';

describe('odograph backtest', () => {
  it('says how many alerts a rule would have made, and lists them', async () => {
    const { code, stdout, stderr } = await people(fileOf(STRICTER), ...RANGE);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('1,234,567 events of 12 vehicles, in 1.3 s');
    expect(stdout).toMatch(/^alerts +3 +4$/m);
    expect(stdout).toMatch(/^known after, median +2 min +2 min$/m);
    expect(stdout).toContain('1 of them are of vehicles that flap');
    expect(stdout).toMatch(/^bus-1 +warning +2026-11-21T10:00:00.000Z /m);
    expect(stdout).toContain('and 2 more: --json has the first 1,000');
    expect(alerting.asked.backtests).toMatchObject([
      { document: STRICTER, otherDocument: '', fromMs: Date.UTC(2026, 10, 14), maxEvents: 0 },
    ]);
  });

  it('says what it changes, beside the rule as it is applied or another file', async () => {
    const file = fileOf(STRICTER);
    const applied = await people(file, ...RANGE, '--compare');
    expect(applied.stdout).toMatch(/^ +as known then +as known now +revision 1$/m);
    expect(applied.stdout).toMatch(/only this one:\n.*\nbus-1 .* goes on +flapping$/m);
    expect(applied.stdout).toContain('only revision 1: none');
    const other = fileOf(LOW_BATTERY, 'other.yaml');
    const { stdout } = await cli(file, ...RANGE, '--state-hashes', '--compare', other);
    expect(jsonLines(stdout)).toMatchObject([
      {
        ...{ rule: 'low-battery', from: '2026-11-14T00:00:00.000Z', events: 1_234_567, took_ms: 1_250 },
        as_known_then: { alerts: 3, pages: 1, listed: [{ vehicle_id: 'bus-1', not_told_because: null }] },
        other_as_known_then: { alerts: 2 },
        compared_with: join(folder, 'other.yaml'),
        difference: {
          added: [{ ended_at: null, not_told_because: 'flapping' }],
          removed: [],
          moved: [{ started_at: new Date(AT_MS).toISOString() }],
        },
        state_hashes: ['aa', 'bb'],
      },
    ]);
    expect(alerting.asked.backtests.map(({ otherDocument }) => otherDocument)).toEqual([
      LOW_BATTERY,
      LOW_BATTERY,
    ]);
  });

  it('refuses a file that is wrong or has several rules, and a rule that is compared with nothing', async () => {
    const wrong = await people(fileOf('rule: low\nwhen: speed_kmh > 1\nsevrity: info\n'), ...RANGE);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('sevrity is not a field here')]);
    const two = await people(fileOf(`${LOW_BATTERY}---\n${SPEEDING}`), ...RANGE);
    expect([two.code, two.stderr]).toEqual([
      2,
      expect.stringContaining('has 2 rules (low-battery, speeding)'),
    ]);
    const alone = await people(fileOf(SPEEDING), ...RANGE, '--compare');
    expect([alone.code, alone.stderr]).toEqual([3, expect.stringContaining('is not applied')]);
    const reversed = await people(fileOf(SPEEDING), '--from', 'now', '--to', '-1d');
    expect([reversed.code, reversed.stderr]).toEqual([2, expect.stringContaining('must be before --to')]);
    expect(alerting.asked.backtests).toEqual([]);
  });

  it('reads no more events than it may', async () => {
    const { code, stderr } = await people(fileOf(SPEEDING), ...RANGE, '--max-events', '7');
    expect([code, stderr]).toEqual([1, expect.stringContaining('more than 7 events')]);
  });
});
