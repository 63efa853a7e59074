import { expect, test } from 'vitest';
import { reportOf } from './report.ts';
import type { RoundResult } from './round/run-round.ts';

const round = (scenario: string, more: Partial<RoundResult> = {}): RoundResult => ({
  ...{ scenario, seed: 7, violations: [], seconds: 1, keptIn: undefined },
  counts: { sent: 12, acknowledged: 10, unknown: 2, events: 11, queries: 3, crashes: 0 },
  ...more,
});

test('one line for each scenario, then the totals', () => {
  const lines = reportOf([round('kills'), round('calm'), round('kills')]).split('\n');
  expect(lines.slice(1, 4).map((line) => line.trim().split(/\s+/))).toEqual([
    ['kills', '2', '0', '20', '4', '22', '6'],
    ['calm', '1', '0', '10', '2', '11', '3'],
    ['all', '3', '0', '30', '6', '33', '9'],
  ]);
});

test('without a violation it says what held', () => {
  expect(reportOf([round('calm')])).toMatch(
    /1 rounds, 10 acknowledged reports, 11 events: nothing acknowledged was lost/,
  );
});

test('a violation has the folder of its data and the command that repeats it', () => {
  const violations = [{ rule: 'a report is in the log once', detail: 'fleet-0001 a at 0/1/0, 0/2/0' }];
  const report = reportOf([round('calm'), round('power cut', { violations, keptIn: '/tmp/kept' })]);
  expect(report).toContain('power cut, seed 7: data and logs in /tmp/kept');
  expect(report).toContain('✗ a report is in the log once: fleet-0001 a at 0/1/0, 0/2/0');
  expect(report).toContain(`make chaos ARGS='--scenario "power cut" --seed 7'`);
  expect(report).toMatch(/1 of 2 rounds broke a rule$/);
});

test('without rounds it says that none were run', () => {
  expect(reportOf([])).toMatch(/no rounds were run$/);
});
