import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ruleFields } from './rule-document.ts';
import { readRuleObject, readRules } from './rule-file.ts';

function findingsIn(text: string): readonly string[] {
  const read = readRules(text);
  if (!('findings' in read)) return [];
  return read.findings.map(({ line, field, description }) => `${line} ${field}: ${description}`);
}

const LOW_BATTERY = `rule: low-battery
severity: warning
when: battery_level_pct < 20
clear: battery_level_pct > 25
for: 2m
`;

describe('a file of rules', () => {
  test('has rules with their defaults, and durations in milliseconds', () => {
    expect(readRules(`${LOW_BATTERY}---\nrule: offline\nwhen: { no_report_for: 30m }\n`)).toEqual({
      rules: [
        {
          ...{ rule: 'low-battery', description: '', scope: { vehicles: [], fleets: [], tags: [] } },
          ...{ severity: 'warning', when: 'battery_level_pct < 20', clear: 'battery_level_pct > 25' },
          ...{ for: 120_000, keep_firing_for: 0, least_duration: 0, lateness: 5_000, late: 'correct' },
          ...{ no_data: 'keep', on_error: 'keep', flapping: { alerts: 2, within: 900_000 }, receivers: [] },
        },
        expect.objectContaining({ rule: 'offline', when: { no_report_for: 1_800_000 } }),
      ],
      documents: [LOW_BATTERY, 'rule: offline\nwhen: { no_report_for: 30m }\n'],
    });
  });

  test('has each rule as it was written, with its comments', () => {
    const texts = [
      '# The first.\nrule: a\nwhen: speed_kmh > 1\n',
      '# The other.\nrule: b # b\nwhen: >\n  speed_kmh > 2\n',
    ];
    expect(readRules(`${texts[0]}---\n${texts[1]}...\n`)).toMatchObject({ documents: texts });
  });

  test('may be JSON', () => {
    expect(readRules('{"rule": "fast", "when": "speed_kmh > 130"}')).toMatchObject({
      rules: [{ rule: 'fast' }],
    });
  });

  test.each([
    [
      'rule: a\nwhn: speed_kmh > 1\n',
      ['2 whn: is not a field here: did you mean when?', '1 : must have when'],
    ],
    [
      'rule: a\nwhen: sped_kmh > 1\n',
      ['2 when: sped_kmh is not a signal: did you mean speed_kmh? (at character 1)'],
    ],
    [
      'rule: a\nfor: 2 minutes\nwhen: speed_kmh > 1\n',
      ['2 for: must be a duration such as 30s, 5m or 2h, but is "2 minutes"'],
    ],
    [
      'rule: a\nseverity: warn\nwhen: charging\n',
      ['2 severity: must be one of info, warning, critical, but is "warn": did you mean warning?'],
    ],
    [
      'rule: Low Battery\nwhen: charging\n',
      ['1 rule: must be a name of a-z 0-9 . _ - with at most 63 characters'],
    ],
    ['when: charging\n', ['1 rule: is missing']],
    [
      'rule: a\nwhen:\n  all:\n    - charging\n    - window: { signal: speed_kmh, of: drop, over: 10m, is: ten }\n',
      ["5 when.all[1].window.is: must be a comparison with a number, such as '> 10'"],
    ],
    [
      'rule: a\nwhen:\n  geofence:\n    on: exit\n',
      ['4 when.geofence: must have one of circle, polygon and corridor'],
    ],
    [
      'rule: a\nwhen:\n  geofence:\n    on: dwell\n    circle: { center: [48, 11], radius_m: 100 }\n',
      ['4 when.geofence: must have dwell if on is dwell'],
    ],
    [
      'rule: a\nwhen:\n  geofence: { on: exit, circle: { center: [98, 11], radius_m: 100 } }\n',
      ['3 when.geofence.circle.center[0]: must be a latitude from -85 to 85'],
    ],
    [
      'rule: a\nwhen:\n  geofence: { on: exit, polygon: [[0, 0], [1, 0], [1, 150]] }\n',
      ['3 when.geofence.polygon: must have its locations within 20 degrees of the first one'],
    ],
    [
      'rule: a\nwhen: charging\nschedule: { time_zone: Berlin }\n',
      ['3 schedule.time_zone: must be a time zone such as Europe/Berlin'],
    ],
    [
      'rule: a\nwhen: charging\nlevels: [{ severity: info, when: charging }]\n',
      ['1 : must have when, and may have severity; or levels'],
    ],
    ['rule: a\nwhen: {}\n', ['2 when: must be an expression such as speed_kmh > 130, or have one of window']],
    [
      'rule: a\nwhen:\n  window: { signal: speed, of: drop, over: 0s, is: "> 1" }\n',
      [
        '3 when.window.signal: is not a signal: did you mean speed_kmh?',
        '3 when.window.over: must be at least 1s',
      ],
    ],
    [
      'rule: a\nwhen:\n  all:\n    - no_report_for: 1h\n    - window: { signal: speed_kmh, of: drop, over: 1h, is: "> 1" }\n',
      ['1 : may have no_report_for beside expressions only'],
    ],
    ['rule: a\nwhen: { no_report_for: 20s }\n', ['2 when.no_report_for: must be at least 1m']],
    [
      'rule: a\nwhen: charging\nflapping: { alerts: 2.5, within: 1m }\n',
      ['3 flapping.alerts: must be a number of alerts, a whole one, but is 2.5'],
    ],
    [
      'rule: a\nwhen: charging\nschedule: { time_zone: Europe/Berlin, days: [] }\n',
      ['3 schedule.days: must have a day'],
    ],
    ['rule: a\nwhen: charging\nrule: b\n', ['3 : a field is there twice']],
    [
      'rule: a\nwhen: charging\n---\nrule: a\nwhen: engine_running\n',
      ['4 rule: is the name of two rules: a'],
    ],
    [`#${'x'.repeat(40_000)}\nrule: a\nwhen: charging`, ['2 : has 40025 characters']],
    ['rule: a\nwhen: [\n', ['']],
    ['rule: &a a\ndescription: *a\nwhen: charging\n', ['2 : aliases are not allowed']],
    ['', ['1 : ']],
  ])('that is wrong says where, what was expected, and the way out: %j', (text, findings) => {
    const found = findingsIn(text);
    expect(found).toHaveLength(findings.length);
    for (const [at, finding] of findings.entries()) expect(found[at]).toContain(finding);
  });

  test('that is nested without end, or very long, is refused and not read', () => {
    const nested = `rule: a\nwhen: ${'{not: '.repeat(100)}charging${'}'.repeat(100)}`;
    expect(findingsIn(nested)).toEqual([expect.stringContaining('nested 101 deep')]);
    expect(findingsIn(`rule: a\nwhen: ${'['.repeat(100_000)}`)).not.toEqual([]);
    expect(findingsIn(`rule: a\nwhen: charging\n#${'x'.repeat(1_000_000)}`)).toHaveLength(1);
    const tree = `{any: [${Array.from({ length: 16 }, () => '{any: [charging, engine_running]}').join(', ')}]}`;
    expect(findingsIn(`rule: a\nwhen: ${tree}`)).toEqual([
      expect.stringContaining('at most 32 conditions in all'),
    ]);
  });

  test('with a hundred thousand fields, or one with a huge name, is refused at once', () => {
    const many = Array.from({ length: 100_000 }, (_, at) => `a${at}: 1`).join('\n');
    expect(findingsIn(many)).toEqual([expect.stringContaining('values, nested')]);
    expect(findingsIn(`rule: a\nwhen: charging\n${'x'.repeat(900)}: 1`)).toEqual([
      expect.stringContaining('is not a field here'),
    ]);
  });
});

test('a rule that is data already has findings by field', () => {
  expect(readRuleObject({ rule: 'a', when: { not: 'speed > 1' } })).toEqual({
    findings: [
      {
        ...{ field: 'when.not', reason: 'INVALID' },
        description: 'speed is not a signal: did you mean speed_kmh? (at character 1)',
      },
    ],
  });
});

test('docs/alerting.md has every field of a rule, and its rules are right', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../../../../docs/alerting.md'), 'utf8');
  const rules = Array.from(page.matchAll(/```yaml\n(.*?)```/gs), ([, yaml]) => yaml as string);
  expect(rules.map(findingsIn)).toEqual([[], []]);
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  const named = rows.flatMap((row) =>
    Array.from((row.split('|')[1] as string).matchAll(/`(\w+)`/g), ([, name]) => name),
  );
  expect(named).toEqual(expect.arrayContaining(Object.keys(ruleFields)));
});
