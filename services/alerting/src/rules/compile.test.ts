import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { advance, initialState } from '../domain/lifecycle.ts';
import { at, type Came, momentsOf } from '../domain/moments.fixture.ts';
import { compileRule } from './compile.ts';
import { readRuleObject, readRules } from './rule-file.ts';
import { scheduleOf } from './schedule.ts';

function ruleOf(document: Record<string, unknown>) {
  const read = readRuleObject({ rule: 'a', ...document });
  if ('findings' in read) throw new Error(read.findings.map(({ description }) => description).join());
  return compileRule(read.rule);
}

/** In seconds, when the alerts fired. */
function firedAt(document: Record<string, unknown>, samples: readonly Came[]): number[] {
  const { lifecycle } = ruleOf(document);
  const state = initialState(lifecycle);
  const facts = momentsOf(samples).flatMap((moment) => advance(lifecycle, state, moment));
  return facts.filter(({ kind }) => kind === 'fired').map(({ atMs }) => atMs / 1_000);
}

describe('a rule that is compiled', () => {
  test.each<[string, Record<string, unknown>, readonly Came[], number[]]>([
    [
      'an expression',
      { when: 'speed_kmh > 130', for: '30s' },
      [
        [0, { speed_kmh: 131 }],
        [30, { speed_kmh: 132 }],
      ],
      [30],
    ],
    [
      'the drop in a window',
      { when: { window: { signal: 'battery_level_pct', of: 'drop', over: '10m', is: '> 10' } } },
      [
        [0, { battery_level_pct: 50 }],
        [300, { battery_level_pct: 39 }],
      ],
      [300],
    ],
    [
      'a fence',
      { when: { geofence: { on: 'exit', circle: { center: [48, 11], radius_m: 500 } } } },
      [
        [0, at(48, 11)],
        [60, at(48.01, 11)],
      ],
      [60],
    ],
    [
      'a polygon',
      {
        when: {
          geofence: {
            on: 'inside',
            polygon: [
              [48, 11],
              [48, 12],
              [49, 11],
            ],
          },
        },
      },
      [
        [0, at(48.2, 11.2)],
        [60, at(48.9, 11.9)],
      ],
      [0],
    ],
    [
      'a corridor',
      {
        when: {
          geofence: {
            on: 'outside',
            corridor: {
              line: [
                [48, 11],
                [48, 12],
              ],
              width_m: 500,
            },
          },
        },
      },
      [
        [0, at(48.001, 11.5)],
        [60, at(48.01, 11.5)],
      ],
      [60],
    ],
    [
      'a move',
      { when: { moved: { over_m: 200, while: '!engine_running' } } },
      [
        [0, { engine_running: false, ...at(48, 11) }],
        [60, at(48.01, 11)],
      ],
      [60],
    ],
    [
      'a sequence',
      {
        when: {
          sequence: { first: 'charging', next: 'speed_kmh > 5', within: '1m', without: 'doors_locked' },
        },
      },
      [
        [0, { charging: true, speed_kmh: 0, doors_locked: false }],
        [50, { charging: false, speed_kmh: 9 }],
      ],
      [50],
    ],
    [
      'all, any and not',
      { when: { all: ['charging', { any: ['speed_kmh > 1', { not: 'doors_locked' }] }] } },
      [
        [0, { charging: true, speed_kmh: 0, doors_locked: true }],
        [1, { doors_locked: false }],
      ],
      [1],
    ],
  ])('waits for %s', (_, document, samples, fired) => {
    expect(firedAt(document, samples)).toEqual(fired);
  });

  test('has its levels from the least severe on', () => {
    const levels = [
      { severity: 'critical', when: 'battery_level_pct < 10' },
      { severity: 'warning', when: 'battery_level_pct < 20' },
    ];
    expect(ruleOf({ levels }).lifecycle.levels.map(({ severity }) => severity)).toEqual([
      'warning',
      'critical',
    ]);
  });

  test('uses the clock of the log if it is about absence, wherever that is said', () => {
    const nested = { any: ['charging', { not: { no_report_for: '5m' } }] };
    expect([ruleOf({ when: nested }).clock, ruleOf({ when: 'charging' }).clock]).toEqual(['log', 'event']);
  });
});

test('the ready-made rules are right', () => {
  const text = readFileSync(resolve(import.meta.dirname, '../../rules/ready-made.yaml'), 'utf8');
  const read = readRules(text);
  expect(read).not.toHaveProperty('findings');
  if ('rules' in read) expect(read.rules.map((rule) => compileRule(rule).id)).toHaveLength(10);
});

describe('a schedule', () => {
  const inBerlin = (more: Partial<Parameters<typeof scheduleOf>[0]>) =>
    scheduleOf({ timeZone: 'Europe/Berlin', days: ['mon', 'fri'], from: '08:00', to: '18:00', ...more });

  test.each([
    ['2026-11-30T06:59:59Z', false],
    ['2026-11-30T07:00:00Z', true],
    ['2026-11-30T16:59:59Z', true],
    ['2026-11-30T17:00:00Z', false],
    ['2026-12-01T09:00:00Z', false],
    // In summer, clocks are an hour ahead.
    ['2026-06-29T06:00:00Z', true],
    ['2026-06-29T16:30:00Z', false],
  ])('at %s: %s', (time, isIn) => {
    expect(inBerlin({})(Date.parse(time))).toBe(isIn);
  });

  test.each([
    ['2026-11-30T21:00:00Z', true],
    ['2026-12-01T04:59:00Z', true],
    ['2026-12-01T05:00:00Z', false],
    ['2026-12-01T21:30:00Z', false],
    ['2026-11-30T04:00:00Z', false],
  ])('over midnight, at %s: %s, by the day on which it begins', (time, isIn) => {
    expect(inBerlin({ from: '22:00', to: '06:00' })(Date.parse(time))).toBe(isIn);
  });

  test('of whole days begins at midnight there', () => {
    const days = inBerlin({ from: '00:00', to: '00:00' });
    const times = [
      '2026-11-29T22:59:00Z',
      '2026-11-29T23:00:00Z',
      '2026-11-30T22:59:00Z',
      '2026-11-30T23:00:00Z',
    ];
    expect(times.map((time) => days(Date.parse(time)))).toEqual([false, true, true, false]);
  });
});
