import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import { describe, expect, test } from 'vitest';
import type { Profile } from '../domain/partition-alerts.ts';
import { type SilenceState, silenceDecider } from '../domain/silence-decisions.ts';
import { FROM_THE_START, PartitionEvaluation } from '../evaluate/partition-evaluation.ts';
import { ruleIn } from '../rules/rule-of-document.ts';
import { RuleBacktest } from './rule-backtest.ts';
import { differenceOf, summaryOf } from './summary.ts';

const START_MS = Date.UTC(2026, 4, 1);
/** A report of a vehicle, `atS` seconds after the start, which says what was `behindS` seconds before. */
function reportAt(atS: number, level: number, { vehicle = 'a', behindS = 0 } = {}): VehicleEvent {
  const receivedAtMs = START_MS + atS * 1_000;
  const observedAtMs = receivedAtMs - behindS * 1_000;
  return {
    ...{ type: 'TelemetryReported', subject: vehicle, reportId: `${vehicle} ${observedAtMs}` },
    ...{ observedAtMs, receivedAtMs },
    samples: [{ observedAtMs, signals: { battery_level_pct: level } }],
  };
}

interface Options {
  readonly profiles?: ReadonlyMap<string, Profile>;
  readonly silences?: readonly SilenceState[];
  readonly fromS?: number;
}

function backtest(document: string, events: readonly VehicleEvent[], options: Options = {}) {
  const { profiles = new Map(), silences = [], fromS = 0 } = options;
  const rule = ruleIn(document);
  if (!rule) throw new Error('the document is wrong');
  const tried = new RuleBacktest({
    ...{ document, rule, profiles, silencesAt: () => silences },
    ...{ fromMs: START_MS + fromS * 1_000, toMs: START_MS + 86_400_000 },
  });
  for (const [at, event] of events.entries()) tried.take(event, { partition: 0, sequence: at + 1, index: 0 });
  return tried;
}

const LOW = 'rule: low\nwhen: battery_level_pct < 20\nlateness: 0s\n';

describe('a backtest', () => {
  test('has the state of a live evaluation of the same log', () => {
    const events = Array.from({ length: 300 }, (_, at) => reportAt(at * 5, (at * 7) % 40));
    const live = new PartitionEvaluation({
      checkpoint: FROM_THE_START,
      vehicles: new Map(),
      compile: ruleIn,
    });
    const head = { subject: 'rules/0', reportId: 'low 1', observedAtMs: START_MS, receivedAtMs: START_MS };
    const applied = { rule: 'low', version: 1, revision: 1, document: LOW };
    live.apply({ type: 'RuleApplied', ...head, ...applied }, { partition: 0, sequence: 0, index: 1 });
    for (const [at, event] of events.entries())
      live.apply(event, { partition: 0, sequence: at + 1, index: 0 });
    expect(backtest(LOW, events).hash()).toBe(live.hash());
    expect(backtest(LOW, events.slice(1)).hash()).not.toBe(live.hash());
  });

  test('of a value that swings around its limit for an hour has two pages, whatever it does', () => {
    const events = Array.from({ length: 3_600 }, (_, at) => reportAt(at, 19.5 + (at % 2)));
    const { asKnownThen, flapping } = backtest(LOW, events).result();
    expect(asKnownThen.length).toBeGreaterThan(100);
    expect(asKnownThen.filter(({ isPaged }) => isPaged)).toHaveLength(2);
    expect(flapping).toBeGreaterThan(100);
  });

  test('says what would have been known then, and what was true', () => {
    const events = [
      reportAt(10, 50),
      reportAt(20, 15),
      reportAt(30, 50),
      // The vehicle was never low, and low at another time.
      reportAt(40, 50, { behindS: 21 }),
      reportAt(41, 10, { behindS: 29 }),
      reportAt(42, 50, { behindS: 28 }),
    ];
    const { asKnownThen, asKnownNow } = backtest(LOW, events).result();
    const startOf = ({ startedAtMs }: { readonly startedAtMs: number }) => (startedAtMs - START_MS) / 1_000;
    expect(asKnownThen.map(startOf).sort()).toEqual([12, 20]);
    expect(asKnownNow.map(startOf).sort()).toEqual([12, 20]);
  });

  test('goes through silences, and leaves out what fired before its time', () => {
    const terms = {
      ...{ rules: ['low'], vehicles: [], fleets: ['north'], severities: [], by: 'ada', comment: '' },
      ...{ startsAtMs: START_MS, endsAtMs: START_MS + 60_000 },
    };
    const silence = silenceDecider.evolve(silenceDecider.initial, { type: 'SilenceSet', ...terms });
    const profiles = new Map([['a', { fleet: 'north', tags: [], isRetired: false }]]);
    const events = [reportAt(1, 10), reportAt(2, 50), reportAt(30, 10), reportAt(31, 50), reportAt(90, 10)];
    const calm = `${LOW}flapping: { alerts: 100, within: 1m }\n`;
    const options = { profiles, silences: [silence], fromS: 10 };
    const { asKnownThen } = backtest(calm, events, options).result();
    expect(asKnownThen.map(({ isPaged, because }) => [isPaged, because])).toEqual([
      [false, 'silence set'],
      [true, ''],
    ]);
    // One that still fires when the silence is over is a page then.
    const tickAt = (atS: number): VehicleEvent => {
      const receivedAtMs = START_MS + atS * 1_000;
      return {
        type: 'TimeTicked',
        subject: 'clock/0',
        reportId: '',
        observedAtMs: receivedAtMs,
        receivedAtMs,
      };
    };
    const goesOn = [reportAt(50, 10), tickAt(55)];
    const pagesOf = (more: readonly VehicleEvent[]) =>
      backtest(calm, [...goesOn, ...more], options)
        .result()
        .asKnownThen.map(({ isPaged }) => isPaged);
    expect([pagesOf([]), pagesOf([tickAt(65)]), pagesOf([reportAt(58, 50), tickAt(65)])]).toEqual([
      ...[[false], [true], [false]],
    ]);
  });

  test('knows the fleet of a vehicle that was registered before', () => {
    const scoped = `${LOW}scope: { fleets: [north] }\n`;
    const profiles = new Map([['a', { fleet: 'north', tags: [], isRetired: false }]]);
    const events = [reportAt(1, 10), reportAt(2, 10, { vehicle: 'b' })];
    expect(backtest(scoped, events, { profiles }).result().asKnownThen).toMatchObject([{ vehicleId: 'a' }]);
  });
});

test('a summary counts pages of a vehicle in a day, and how late they would have been known', () => {
  const events = [reportAt(0, 50), reportAt(60, 10), reportAt(100, 10), reportAt(110, 50), reportAt(200, 10)];
  const { asKnownThen } = backtest(`${LOW}for: 30s\n`, events).result();
  expect(summaryOf(asKnownThen, { vehicles: 2, lengthMs: 43_200_000 })).toMatchObject({
    ...{ episodes: 1, pages: 1, pagesPerVehicleDay: 1, shareUnderMinute: 1, delayP50Ms: 40_000 },
  });
});

test('two revisions differ by the episodes that only one has, and by those that moved', () => {
  const events = [
    ...[reportAt(0, 50), reportAt(10, 25), reportAt(20, 15), reportAt(30, 50)],
    ...[reportAt(40, 25), reportAt(50, 50)],
  ];
  const [before, after] = [20, 30].map(
    (limit) => backtest(LOW.replace('20', String(limit)), events).result().asKnownThen,
  );
  const { added, removed, moved } = differenceOf(before ?? [], after ?? []);
  expect([added, removed, moved].map(({ length }) => length)).toEqual([1, 0, 1]);
});
