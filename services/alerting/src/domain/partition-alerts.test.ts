import type { Signals } from '@odograph/kernel/signal';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { absence } from './conditions/absence.ts';
import { predicate } from './conditions/logic.ts';
import type { Revision } from './episodes.ts';
import type { LaneFact } from './lane-state.ts';
import type { AlertFact } from './lifecycle.ts';
import {
  type KnownVehicle,
  type LogEntry,
  NOTHING_STORED,
  PartitionAlerts,
  type Profile,
  type VehicleFacts,
} from './partition-alerts.ts';
import type { Rule } from './rule.ts';

const LIFECYCLE: Omit<Rule['lifecycle'], 'levels'> = {
  ...{ forMs: 0, keepFiringMs: 0, leastFiringMs: 0, onNoData: 'keep', onError: 'keep' },
  flapping: { alerts: 2, withinMs: 900_000 },
};

function ruleOf(id: string, more: Partial<Rule> = {}): Rule {
  const when = predicate(['level'], ({ level }) => Number(level) < 20);
  return {
    ...{ id, fingerprint: id, signals: ['level'], latenessMs: 0, late: 'correct', clock: 'event' },
    scope: { vehicles: [], fleets: [], tags: [] },
    lifecycle: { ...LIFECYCLE, levels: [{ severity: 'warning', when }] },
    ...more,
  };
}

const OFFLINE = ruleOf('offline', {
  clock: 'log',
  lifecycle: { ...LIFECYCLE, levels: [{ severity: 'warning', when: absence(60_000) }] },
});

const START_S = 1_000_000;

/** A partition whose times are seconds from its start. */
class Partition {
  readonly alerts: PartitionAlerts;
  #sequence = 0;

  constructor(rules: readonly Rule[]) {
    this.alerts = new PartitionAlerts();
    this.setRules(0, rules);
    this.tick(0);
  }

  setRules(atS: number, rules: readonly Rule[]): string[] {
    return this.alerts.setRules(rules, this.#entry(atS)).flatMap(inWords);
  }

  tick(atS: number): string[] {
    return this.alerts.tick(this.#entry(atS)).flatMap(inWords);
  }

  /** What the alerts that fire until then have looked at. */
  valuesAt(atS: number): unknown[] {
    const told = Array.from({ length: atS / 10 }, (_, at) => this.alerts.tick(this.#entry(10 * (at + 1))));
    return told
      .flat()
      .flatMap(({ facts }) => facts.flatMap((fact) => ('values' in fact ? [fact.values] : [])));
  }

  #entry(atS: number): LogEntry {
    this.#sequence += 1;
    return { receivedAtMs: (START_S + atS) * 1_000, sequence: this.#sequence, index: 0 };
  }

  /** Ticks every ten seconds until then. */
  pass(fromS: number, toS: number): string[] {
    return Array.from({ length: Math.floor((toS - fromS) / 10) }, (_, at) =>
      this.tick(fromS + 10 * (at + 1)),
    ).flat();
  }

  report(atS: number, vehicleId: string, signals: Signals, observedS = atS): string[] {
    const sample = { observedAtMs: (START_S + observedS) * 1_000, reportId: `r${observedS}`, signals };
    return this.alerts.report(vehicleId, [sample], this.#entry(atS)).flatMap(inWords);
  }

  register(atS: number, vehicleId: string, profile: Partial<Profile>): string[] {
    const whole = { fleet: 'default', tags: [], isRetired: false, ...profile };
    return this.alerts.register(vehicleId, whole, this.#entry(atS)).flatMap(inWords);
  }
}

function inWords({ vehicleId, facts }: VehicleFacts): string[] {
  return facts.map((each) => {
    if (!('fact' in each) || each.fact.kind === 'flapping ended') return JSON.stringify(each);
    return `${vehicleId} ${each.rule} ${each.fact.kind} at ${each.fact.atMs / 1_000 - START_S}`;
  });
}

describe('a vehicle that does not report', () => {
  test('is noticed by the clock of the log, and until it reports again', () => {
    const partition = new Partition([OFFLINE]);
    partition.report(5, 'a', { level: 50 });
    expect(partition.pass(0, 80)).toEqual(['a offline fired at 70']);
    expect(partition.report(82, 'a', { level: 50 })).toEqual(['a offline resolved at 82']);
  });

  test('is not what has failed if the log has stood: no storm of alerts', () => {
    const partition = new Partition([OFFLINE]);
    const vehicles = Array.from({ length: 100 }, (_, at) => `v${at}`);
    for (const vehicleId of vehicles) partition.report(1, vehicleId, { level: 50 });
    // For ten minutes, no event was appended. Then vehicles report, one after the other.
    const facts = [
      ...partition.tick(600),
      ...vehicles.flatMap((vehicleId) => partition.report(605, vehicleId, {})),
    ];
    expect([...facts, ...partition.pass(600, 660)]).toEqual([]);
  });

  test('is not what has failed if the log stands again and again', () => {
    const partition = new Partition([OFFLINE]);
    partition.report(1, 'a', { level: 50 });
    expect([30, 60, 90].flatMap((atS) => partition.tick(atS))).toEqual([]);
    expect(partition.pass(90, 130)).toEqual(['a offline fired at 120']);
  });

  test('is noticed with its newest values by a rule that is new, and by one that was there', () => {
    const looking = { ...OFFLINE, signals: ['level'] };
    const silent = (...later: Rule[]) => {
      const partition = new Partition([ruleOf('low')]);
      partition.report(5, 'a', { level: 50 });
      partition.setRules(6, [ruleOf('low'), looking]);
      for (const rule of later) partition.setRules(7, [ruleOf('low'), rule]);
      return partition.valuesAt(80);
    };
    expect([silent(), silent({ ...looking, fingerprint: 'other' })]).toEqual([
      [{ level: 50 }],
      [{ level: 50 }],
    ]);
  });

  test('has no samples that wait for others any more', () => {
    const partition = new Partition([ruleOf('low', { latenessMs: 5_000 })]);
    expect(partition.report(1, 'a', { level: 10 })).toEqual([]);
    expect(partition.pass(0, 40)).toEqual(['a low fired at 1']);
  });
});

describe('rules', () => {
  test('are for the vehicles in their scope, also when that changes', () => {
    const scope = { vehicles: [], fleets: ['north'], tags: ['ev', 'van'] };
    const partition = new Partition([ruleOf('low', { scope })]);
    partition.register(0, 'a', { fleet: 'north', tags: ['ev'] });
    partition.register(0, 'b', { fleet: 'south', tags: ['ev'] });
    for (const vehicleId of ['b', 'c']) expect(partition.report(1, vehicleId, { level: 10 })).toEqual([]);
    expect(partition.report(1, 'a', { level: 10 })).toEqual(['a low fired at 1']);
    expect(partition.register(2, 'a', { fleet: 'north', tags: [] })).toEqual(['a low resolved at 1']);
    expect(partition.register(3, 'b', { fleet: 'north', tags: ['van'] })).toEqual([]);
    expect(partition.report(4, 'b', { level: 11 })).toEqual(['b low fired at 4']);
    expect(partition.register(5, 'b', { fleet: 'north', tags: ['van'], isRetired: true })).toEqual([
      'b low resolved at 4',
    ]);
  });

  test('that are removed end their alerts, and those of no others', () => {
    const partition = new Partition([ruleOf('low'), ruleOf('other'), OFFLINE]);
    partition.report(1, 'a', { level: 10 });
    partition.pass(0, 70);
    expect(partition.setRules(70, [ruleOf('other')])).toEqual([
      'a low resolved at 1',
      'a offline resolved at 70',
    ]);
  });
});

describe('a rule that is revised', () => {
  test('keeps its alert when it waits otherwise for late samples', () => {
    const partition = new Partition([ruleOf('low'), ruleOf('other')]);
    partition.report(1, 'a', { level: 10 });
    const low = ruleOf('low', { latenessMs: 5_000 });
    expect(partition.setRules(2, [low, ruleOf('other')])).toEqual([]);
    const ignoring = ruleOf('low', { late: 'ignore' });
    expect(partition.setRules(3, [ignoring, ruleOf('other')])).toEqual([]);
    expect(partition.setRules(4, [low])).toEqual(['a other resolved at 1']);
    partition.report(5, 'a', { level: 50 });
    expect(partition.report(30, 'a', { level: 50 })).toEqual(['a low resolved at 5']);
  });

  test('about absence keeps its alert, unless it is clear', () => {
    const offlineAfter = (seconds: number) =>
      ruleOf('offline', {
        ...{ clock: 'log', fingerprint: String(seconds) },
        lifecycle: { ...LIFECYCLE, levels: [{ severity: 'warning', when: absence(seconds * 1_000) }] },
      });
    const partition = new Partition([offlineAfter(60)]);
    partition.report(1, 'a', { level: 50 });
    expect(partition.pass(0, 80)).toEqual(['a offline fired at 70']);
    expect([...partition.setRules(81, [offlineAfter(50)]), ...partition.pass(81, 101)]).toEqual([]);
    expect([...partition.setRules(102, [offlineAfter(300)]), ...partition.tick(110)]).toEqual([
      'a offline resolved at 110',
    ]);
  });
});

test('a report far ahead of our clock is one of now, with its samples as far from each other as they were', () => {
  const alerts = new PartitionAlerts();
  const entry = { receivedAtMs: START_S * 1_000, sequence: 1, index: 0 };
  alerts.setRules([ruleOf('low')], entry);
  const samples = [10, 50].map((level, at) => {
    return { observedAtMs: (START_S + 500 + 20 * at) * 1_000, reportId: 'r', signals: { level } };
  });
  const facts = alerts.report('a', samples, { ...entry, sequence: 2 });
  expect(facts.flatMap(inWords)).toEqual(['a low fired at -20', 'a low resolved at 0']);
});

test('a sample far ahead of our clock is one of now, and keeps no later one from being in time', () => {
  const partition = new Partition([ruleOf('low')]);
  expect(partition.report(1, 'a', { level: 10 }, 500)).toEqual(['a low fired at 1']);
  expect(partition.report(2, 'a', { level: 50 })).toEqual(['a low resolved at 2']);
});

const NORTH = { vehicles: [], fleets: ['north'], tags: [] };
/** Below a limit, with times in seconds. */
function limitOf(limit: number, seconds: number): Pick<Rule, 'fingerprint' | 'lifecycle'> {
  const when = predicate(['level'], ({ level }) => Number(level) < limit);
  const times = { forMs: seconds * 1_000, keepFiringMs: seconds * 1_000 };
  const lifecycle = { ...LIFECYCLE, ...times, levels: [{ severity: 'warning' as const, when }] };
  return { fingerprint: `${limit} ${seconds}`, lifecycle };
}

/** Rules, each in one of several revisions. */
const anyRules = fc
  .record({
    low: fc.record({
      latenessMs: fc.constantFrom(0, 5_000),
      late: fc.constantFrom<Rule['late']>('correct', 'ignore'),
    }),
    quick: fc.constantFrom(limitOf(15, 0), limitOf(20, 0), limitOf(25, 10)),
    north: fc.constantFrom(limitOf(20, 20), limitOf(22, 0)),
    ids: fc.subarray(['low', 'quick', 'north', 'offline']),
  })
  .map(({ low, quick, north, ids }) =>
    [ruleOf('low', low), ruleOf('quick', quick), ruleOf('north', { scope: NORTH, ...north }), OFFLINE].filter(
      ({ id }) => ids.includes(id),
    ),
  );

const anyVehicle = fc.constantFrom('a', 'b', 'c');
const anyStep = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      report: anyVehicle,
      level: fc.integer({ min: 10, max: 30 }),
      behindS: fc.integer({ min: 0, max: 30 }),
    }),
  },
  fc.record({ register: anyVehicle, fleet: fc.constantFrom('north', 'south') }),
  fc.record({ rules: anyRules }),
  { weight: 2, arbitrary: fc.record({ afterS: fc.integer({ min: 1, max: 90 }) }) },
);
type Step = typeof anyStep extends fc.Arbitrary<infer Each> ? Each : never;

/** Takes an event of the log. The time of the log goes on with each. */
function take(alerts: PartitionAlerts, step: Step, entry: LogEntry): readonly VehicleFacts[] {
  const nowS = entry.receivedAtMs / 1_000;
  if ('report' in step) {
    const observedAtMs = (nowS - step.behindS) * 1_000;
    const sample = { observedAtMs, reportId: `r${entry.sequence}`, signals: { level: step.level } };
    return alerts.report(step.report, [sample], entry);
  }
  if ('register' in step)
    return alerts.register(step.register, { fleet: step.fleet, tags: [], isRetired: false }, entry);
  return 'rules' in step ? alerts.setRules(step.rules, entry) : alerts.tick(entry);
}

const anyLog = fc.array(anyStep, { minLength: 10, maxLength: 60 }).map((steps) => {
  let receivedAtMs = START_S * 1_000;
  return steps.map((step, at) => {
    receivedAtMs += 'afterS' in step ? step.afterS * 1_000 : 500;
    return { step, entry: { receivedAtMs, sequence: at + 1, index: 0 } };
  });
});

type Logged = { readonly step: Step; readonly entry: LogEntry };

/** What a process stores: a checkpoint at some event, and each vehicle that has changed as it is at some event after it. */
class Storage {
  readonly vehicles = new Map<string, KnownVehicle>();
  checkpoint = { ...NOTHING_STORED, sequence: 0 };
  #due: { readonly id: string; readonly sequence: number }[] = [];

  get isComplete(): boolean {
    return this.#due.length === 0;
  }

  begin(alerts: PartitionAlerts, rules: readonly Rule[], { sequence }: LogEntry, afters: readonly number[]) {
    this.checkpoint = { vehicles: this.vehicles, clock: { ...alerts.clock }, rules, sequence };
    const changed = Array.from(alerts.takeChanged(), (id, at) => ({
      id,
      sequence: sequence + (afters[at] ?? 0),
    }));
    this.#due.push(...changed);
  }

  storeDue({ vehicles }: PartitionAlerts, { sequence: now }: LogEntry): void {
    for (const { id, sequence } of this.#due)
      if (sequence === now)
        this.vehicles.set(id, JSON.parse(JSON.stringify(vehicles.get(id))) as KnownVehicle);
    this.#due = this.#due.filter(({ sequence }) => sequence > now);
  }
}

/** Runs to the end of the log. Stores all at one event, and what has changed since then at another one. */
function runAndStore(log: readonly Logged[], [first, second]: readonly [number, number], afters: number[]) {
  const alerts = new PartitionAlerts();
  const storage = new Storage();
  let rules: readonly Rule[] = [];
  const told = log.map(({ step, entry }) => {
    const facts = take(alerts, step, entry);
    if ('rules' in step) rules = step.rules;
    if (entry.sequence === first) storage.begin(alerts, rules, entry, []);
    if (entry.sequence === second) storage.begin(alerts, rules, entry, afters);
    storage.storeDue(alerts, entry);
    return facts;
  });
  return { alerts, storage, told };
}

test('with a checkpoint, and vehicles that were stored at any times after it, the log gives the same alerts again', () => {
  let complete = 0;
  const anyTimes = fc.tuple(fc.nat(30), fc.nat(30));
  const anyAfters = fc.array(fc.nat(6), { maxLength: 3 });
  fc.assert(
    fc.property(anyLog, anyTimes, anyAfters, (log, [first, more], afters) => {
      const { alerts, storage, told } = runAndStore(log, [first, first + more], afters);
      // There is no checkpoint before all are stored.
      if (!storage.isComplete) return;
      complete += storage.vehicles.size > 0 ? 1 : 0;
      const again = new PartitionAlerts(storage.checkpoint);
      const after = log.slice(storage.checkpoint.sequence);
      const toldAgain = after.flatMap(({ step, entry }) =>
        take(again, step, entry).map((facts) => [entry.sequence, facts] as const),
      );
      for (const [sequence, facts] of toldAgain) expect(told[sequence - 1]).toContainEqual(facts);
      expect(byName(again)).toEqual(byName(alerts));
      expect(again.clock).toEqual(alerts.clock);
    }),
    { numRuns: 500 },
  );
  expect(complete).toBeGreaterThan(200);
});

/** Follows which alerts are going on, by rule and id. Each change must be of an alert that can have it. */
function follow(open: Map<string, boolean>, vehicleId: string, each: LaneFact): void {
  const { fact, revision } = each as { fact?: AlertFact; revision?: Revision };
  const change = fact ?? revision;
  if (change === undefined || !('id' in change)) return;
  const key = `${vehicleId} ${each.rule} ${change.id}`;
  const before = open.get(key);
  if (change.kind === 'fired') expect(before ?? false).toBe(false);
  if (OF_OPEN_ALERTS.has(change.kind)) expect(before).toBe(true);
  if (change.kind === 'corrected' || change.kind === 'retracted') expect(before).toBeDefined();
  if (change.kind === 'retracted') open.delete(key);
  else if (change.kind === 'resolved') open.set(key, false);
  else if (change.kind === 'fired') open.set(key, true);
  else if ('resolvedAtMs' in change) open.set(key, change.resolvedAtMs === null);
}

const OF_OPEN_ALERTS: ReadonlySet<string> = new Set([
  ...['resolved', 'severity changed', 'recovering', 'firing again'],
]);

test('whatever comes, and however the rules change, the alerts of a vehicle are a story that can be', () => {
  fc.assert(
    fc.property(anyLog, (log) => {
      const alerts = new PartitionAlerts();
      const open = new Map<string, boolean>();
      for (const { step, entry } of log)
        for (const { vehicleId, facts } of take(alerts, step, entry))
          for (const fact of facts) follow(open, vehicleId, fact);
      const told = [...open].filter(([, isOpen]) => isOpen).map(([key]) => key);
      expect(told.sort()).toEqual(Array.from(alerts.vehicles, openAlertsOf).flat().sort());
    }),
    { numRuns: 3_000 },
  );
});

function openAlertsOf([vehicleId, { state }]: [string, KnownVehicle]): string[] {
  const ofLanes = Object.values(state.lanes).flatMap(({ rules, evaluated }) =>
    evaluated.tracks.flatMap((track, at) => {
      const { alert, episodes } = track ?? { alert: { alert: null }, episodes: [] };
      const ids = episodes.flatMap(({ id, resolvedAtMs }) => (resolvedAtMs === null ? [id] : []));
      expect(ids).toHaveLength(alert.alert ? 1 : 0);
      return ids.map((id) => `${vehicleId} ${rules[at]?.id} ${id}`);
    }),
  );
  const ofAbsence = state.absence.rules.flatMap(({ id, alert: { alert } }) =>
    alert ? [`${vehicleId} ${id} ${alert.id}`] : [],
  );
  return [...ofLanes, ...ofAbsence];
}

test('a vehicle is stored again when time alone has changed what is known of it, and else not', () => {
  const partition = new Partition([ruleOf('low', { latenessMs: 5_000 }), OFFLINE]);
  partition.report(1, 'a', { level: 50 });
  const changedAt = (toS: number) => {
    partition.pass(toS - 10, toS);
    return [...partition.alerts.takeChanged()];
  };
  expect([10, 20, 30, 40, 50, 60, 70, 80].map(changedAt)).toEqual([
    ...[['a'], [], ['a'], [], [], [], ['a'], []],
  ]);
});

const byName = ({ vehicles }: PartitionAlerts) =>
  [...vehicles].sort(([one], [other]) => (one < other ? -1 : 1));
