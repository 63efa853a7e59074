import type { Signals } from '@odograph/kernel/signal';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { absence } from './conditions/absence.ts';
import { predicate } from './conditions/logic.ts';
import { PartitionAlerts, type Profile, type VehicleFacts } from './partition-alerts.ts';
import type { Rule } from './rule.ts';

const LIFECYCLE: Omit<Rule['lifecycle'], 'levels'> = {
  ...{ forMs: 0, keepFiringMs: 0, leastFiringMs: 0, onNoData: 'keep', onError: 'keep' },
  flapping: { alerts: 2, withinMs: 900_000 },
};

function ruleOf(id: string, more: Partial<Rule> = {}): Rule {
  const when = predicate(['level'], ({ level }) => Number(level) < 20);
  return {
    ...{ id, fingerprint: id, latenessMs: 0, late: 'correct', clock: 'event' },
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

  constructor(rules: readonly Rule[], alerts = new PartitionAlerts()) {
    this.alerts = alerts;
    this.alerts.setRules(rules);
    this.tick(0);
  }

  tick(atS: number): string[] {
    return this.alerts.tick((START_S + atS) * 1_000).flatMap(inWords);
  }

  /** Ticks every ten seconds until then. */
  pass(fromS: number, toS: number): string[] {
    return Array.from({ length: Math.floor((toS - fromS) / 10) }, (_, at) =>
      this.tick(fromS + 10 * (at + 1)),
    ).flat();
  }

  report(atS: number, vehicleId: string, signals: Signals, observedS = atS): string[] {
    const sample = { observedAtMs: (START_S + observedS) * 1_000, reportId: `r${observedS}`, signals };
    return this.alerts.report(vehicleId, [sample], (START_S + atS) * 1_000).flatMap(inWords);
  }

  register(atS: number, vehicleId: string, profile: Partial<Profile>): string[] {
    const whole = { fleet: 'default', tags: [], isRetired: false, ...profile };
    return this.alerts.register(vehicleId, whole, (START_S + atS) * 1_000).flatMap(inWords);
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
    expect(partition.alerts.setRules([ruleOf('other')]).flatMap(inWords)).toEqual([
      'a low resolved at 1',
      'a offline resolved at 70',
    ]);
  });
});

test('a sample far ahead of our clock is one of now, and keeps no later one from being in time', () => {
  const partition = new Partition([ruleOf('low')]);
  expect(partition.report(1, 'a', { level: 10 }, 500)).toEqual(['a low fired at 1']);
  expect(partition.report(2, 'a', { level: 50 })).toEqual(['a low resolved at 2']);
});

const anyStep = fc.oneof(
  fc.record({
    report: fc.constantFrom('a', 'b'),
    level: fc.integer({ min: 10, max: 30 }),
    behindS: fc.integer({ min: 0, max: 30 }),
  }),
  fc.record({ register: fc.constantFrom('a', 'b'), fleet: fc.constantFrom('north', 'south') }),
  fc.record({ afterS: fc.integer({ min: 1, max: 90 }) }),
);

test('what is known is plain data: one that is read again goes on where the other was, with the same alerts', () => {
  const north = { vehicles: [], fleets: ['north'], tags: [] };
  const rules = [
    ruleOf('low', { latenessMs: 5_000 }),
    ruleOf('quick'),
    ruleOf('north', { scope: north }),
    OFFLINE,
  ];
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 60 }), fc.nat(60), (steps, cut) => {
      const whole = new Partition(rules);
      let other = new Partition(rules);
      let nowS = 0;
      const take = (partition: Partition, step: (typeof steps)[number]): string[] => {
        if ('report' in step)
          return partition.report(nowS, step.report, { level: step.level }, nowS - step.behindS);
        if ('register' in step) return partition.register(nowS, step.register, { fleet: step.fleet });
        return partition.tick(nowS);
      };
      for (const [at, step] of steps.entries()) {
        if ('afterS' in step) nowS += step.afterS;
        if (at === cut) {
          const { vehicles, clock } = JSON.parse(
            JSON.stringify({ vehicles: [...other.alerts.vehicles], clock: other.alerts.clock }),
          );
          const read = new PartitionAlerts(new Map(vehicles), clock);
          expect(read.setRules(rules)).toEqual([]);
          other = Object.assign(Object.create(Partition.prototype), { alerts: read });
        }
        expect(take(other, step)).toEqual(take(whole, step));
      }
      expect([...other.alerts.vehicles]).toEqual([...whole.alerts.vehicles]);
    }),
  );
});
