import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AlertFact, advance, initialState } from './lifecycle.ts';
import { type Came, momentsOf, signalIs } from './moments.fixture.ts';
import type { Lifecycle } from './rule.ts';

const RULE: Lifecycle = {
  levels: [{ severity: 'warning', when: signalIs('low') }],
  ...{ forMs: 0, keepFiringMs: 0, leastFiringMs: 0, onNoData: 'keep', onError: 'keep' },
  flapping: { alerts: 100, withinMs: 60_000 },
};

/** In seconds, what happened. */
function factsOf(rule: Partial<Lifecycle>, samples: readonly Came[]): string[] {
  const whole = { ...RULE, ...rule };
  const state = initialState(whole);
  return momentsOf(samples).flatMap((moment) => advance(whole, state, moment).map(inWords));
}

function inWords(fact: AlertFact): string {
  const words: unknown[] = [fact.atMs / 1_000, fact.kind];
  if ('id' in fact) words.push(`since ${fact.id / 1_000}`);
  if ('severity' in fact) words.push(fact.severity);
  if ('because' in fact && fact.because !== 'condition') words.push(fact.because);
  if ('flapping' in fact && fact.flapping !== 'no') words.push(`flapping ${fact.flapping}`);
  return words.join(' ');
}

const low = (atS: number, value: boolean | 'unknown' | 'error'): Came => [atS, { low: value }];

describe('an alert', () => {
  test('fires when its condition holds, and is resolved when it does not', () => {
    expect(factsOf({}, [low(1, false), low(2, true), low(3, true), low(4, false)])).toEqual([
      '2 fired since 2 warning',
      '4 resolved since 2',
    ]);
  });

  test('fires after its condition has held for long enough, however seldom the vehicle reports', () => {
    const rule = { forMs: 10_000 };
    expect(factsOf(rule, [low(1, true), low(10, true), low(11, true)])).toEqual(['11 fired since 1 warning']);
    expect(factsOf(rule, [low(1, true), low(10, false), low(11, true), low(20, true)])).toEqual([]);
    expect(factsOf(rule, [low(1, true), low(900, true)])).toEqual(['900 fired since 1 warning']);
  });

  test('fires not at once for a vehicle that sends a buffered hour, but by the times of its samples', () => {
    const buffered = Array.from({ length: 360 }, (_, at) => low(at * 10, at % 3 !== 0));
    expect(factsOf({ forMs: 60_000 }, buffered).filter((fact) => fact.includes('fired'))).toEqual([]);
  });

  test('is said to be pending once it has been for ten seconds, and to have subsided if it does not fire', () => {
    const rule = { forMs: 30_000 };
    const flickering = Array.from({ length: 60 }, (_, at) => low(at, at % 9 !== 0));
    expect(factsOf(rule, flickering)).toEqual([]);
    const holding = [low(1, true), low(10, true), low(11, true), low(25, true)];
    expect(factsOf(rule, [...holding, low(26, false)])).toEqual([
      '11 pending since 1',
      '26 subsided since 1',
    ]);
    expect(factsOf(rule, [...holding, low(31, true)])).toEqual([
      '11 pending since 1',
      '31 fired since 1 warning',
    ]);
  });

  test('has begun when its first level did, also if another one has held for long enough', () => {
    const levels = (['low', 'lower'] as const).map((signal) => {
      return {
        severity: signal === 'low' ? ('warning' as const) : ('critical' as const),
        when: signalIs(signal),
      };
    });
    const samples: Came[] = [
      [1, { low: true, lower: false }],
      [5, { low: true, lower: true }],
      [9, { low: false, lower: true }],
      [15, { low: false, lower: true }],
    ];
    expect(factsOf({ levels, forMs: 10_000 }, samples)).toEqual(['15 fired since 1 critical']);
  });

  test('goes on until its own condition for the end holds', () => {
    const rule = { clear: signalIs('full') };
    const samples: Came[] = [
      [1, { low: true, full: false }],
      [2, { low: false, full: false }],
      [3, { low: true, full: false }],
      [4, { low: false, full: true }],
    ];
    expect(factsOf(rule, samples)).toEqual(['1 fired since 1 warning', '4 resolved since 1']);
  });

  test('recovers for as long as it keeps firing, and fires again if its condition comes back meanwhile', () => {
    const samples = [
      low(1, true),
      low(2, false),
      low(6, true),
      low(7, false),
      low(16, false),
      low(17, false),
    ];
    expect(factsOf({ keepFiringMs: 10_000 }, samples)).toEqual([
      '1 fired since 1 warning',
      '2 recovering since 1',
      '6 firing again since 1',
      '7 recovering since 1',
      '17 resolved since 1',
    ]);
  });

  test('lasts as long as it must, at least', () => {
    const samples = [low(1, true), low(2, false), low(10, false), low(11, false)];
    expect(factsOf({ leastFiringMs: 10_000 }, samples)).toEqual([
      '1 fired since 1 warning',
      '11 resolved since 1',
    ]);
  });

  test('has the highest severity that has held for long enough, also if it falls', () => {
    const rule: Partial<Lifecycle> = {
      forMs: 2_000,
      levels: [
        { severity: 'warning', when: signalIs('low') },
        { severity: 'critical', when: signalIs('empty') },
      ],
    };
    const samples: Came[] = [
      [1, { low: true, empty: false }],
      [3, { empty: true }],
      [4, {}],
      [5, {}],
      [6, { empty: false }],
      [7, { low: false }],
    ];
    expect(factsOf(rule, samples)).toEqual([
      '3 fired since 1 warning',
      '5 severity changed since 1 critical',
      '6 severity changed since 1 warning',
      '7 resolved since 1',
    ]);
  });

  test.each([
    ['keep', 'unknown', ['1 fired since 1 warning', '4 resolved since 1']],
    [
      'resolve',
      'unknown',
      [
        '1 fired since 1 warning',
        '2 resolved since 1 no data',
        '3 fired since 3 warning',
        '4 resolved since 3',
      ],
    ],
    ['alert', 'unknown', ['1 fired since 1 warning', '4 resolved since 1']],
    ['keep', 'error', ['1 fired since 1 warning', '4 resolved since 1']],
    [
      'resolve',
      'error',
      [
        '1 fired since 1 warning',
        '2 resolved since 1 error',
        '3 fired since 3 warning',
        '4 resolved since 3',
      ],
    ],
    ['alert', 'error', ['1 fired since 1 warning', '4 resolved since 1']],
  ] as const)('by the policy to %s, what is %s of its condition', (policy, what, facts) => {
    const rule = what === 'error' ? { onError: policy } : { onNoData: policy };
    expect(factsOf(rule, [low(1, true), low(2, what), low(3, true), low(4, false)])).toEqual(facts);
  });

  test('fires because a signal is missing, if the policy says so, and says why', () => {
    expect(factsOf({ onNoData: 'alert', forMs: 5_000 }, [[1, {}], [6, {}], low(7, false)])).toEqual([
      '6 fired since 1 warning no data',
      '7 resolved since 1',
    ]);
  });

  test('neither begins nor goes on outside of its schedule', () => {
    const rule = { forMs: 2_000, isScheduledAt: (atMs: number) => atMs >= 10_000 && atMs < 20_000 };
    const samples = [5, 9, 10, 11, 12, 19, 20, 25].map((atS) => low(atS, true));
    expect(factsOf(rule, samples)).toEqual(['12 fired since 10 warning', '20 resolved since 10 schedule']);
  });
});

describe('a vehicle that flaps', () => {
  const rule = { flapping: { alerts: 2, withinMs: 60_000 } };

  test('is said to with the second alert in a time, until there was none for as long', () => {
    const samples = [
      low(1, true),
      low(2, false),
      low(10, true),
      low(11, false),
      low(20, true),
      low(21, false),
    ];
    expect(factsOf(rule, [...samples, low(79, false), low(80, false), low(90, true)])).toEqual([
      '1 fired since 1 warning',
      '2 resolved since 1',
      '10 fired since 10 warning flapping begins',
      '11 resolved since 10',
      '20 fired since 20 warning flapping goes on',
      '21 resolved since 20',
      '80 flapping ended',
      '90 fired since 90 warning',
    ]);
  });

  test('is over when the next sample after a long time is one of an alert', () => {
    const samples = [low(1, true), low(2, false), low(10, true), low(11, false), low(900, true)];
    expect(factsOf(rule, samples).slice(-2)).toEqual(['900 flapping ended', '900 fired since 900 warning']);
  });

  test('around a threshold for an hour, notifies at most twice, whatever the period', () => {
    for (const periodS of [2, 10, 60, 300, 600]) {
      const hour = Array.from({ length: 3_600 }, (_, atS) => low(atS, atS % periodS < periodS / 2));
      const facts = factsOf({ flapping: { alerts: 2, withinMs: 900_000 } }, hour);
      const pages = facts.filter((fact) => fact.includes(' fired ') && !fact.includes('goes on'));
      expect(pages.length).toBeLessThanOrEqual(2);
    }
  });
});

const anyTruth = fc.constantFrom(true, false, 'unknown' as const, 'error' as const);

test('whatever comes: each fact fits the one before it, and a copied state goes on as the first', () => {
  const samples = fc.array(fc.tuple(fc.integer({ min: 1, max: 30 }), anyTruth), { maxLength: 60 });
  const anyRule = fc.record({
    forMs: fc.constantFrom(0, 5_000, 20_000),
    keepFiringMs: fc.constantFrom(0, 10_000),
    leastFiringMs: fc.constantFrom(0, 15_000),
    onNoData: fc.constantFrom('keep' as const, 'alert' as const, 'resolve' as const),
    onError: fc.constantFrom('keep' as const, 'alert' as const, 'resolve' as const),
    flapping: fc.constantFrom({ alerts: 2, withinMs: 60_000 }, { alerts: 3, withinMs: 20_000 }),
  });
  fc.assert(
    fc.property(samples, anyRule, fc.nat(60), (steps, rule, cut) => {
      const moments = momentsAfter(steps);
      const whole = { ...RULE, ...rule };
      let state = initialState(whole);
      const other = initialState(whole);
      let open: number | undefined;
      for (const [index, moment] of moments.entries()) {
        if (index === cut) state = JSON.parse(JSON.stringify(state));
        const facts = advance(whole, state, moment);
        expect(facts).toEqual(advance(whole, other, moment));
        open = openAfter(facts, open);
        expect(open).toBe(state.alert?.id ?? (state.isPendingTold ? state.sinceMs : undefined));
      }
    }),
  );
});

function momentsAfter(steps: readonly (readonly [afterS: number, truth: boolean | 'unknown' | 'error'])[]) {
  let atS = 0;
  return momentsOf(
    steps.map(([afterS, truth]) => {
      atS += afterS;
      return low(atS, truth);
    }),
  );
}

/** Which alert is pending or open after the facts, by its start. */
function openAfter(facts: readonly AlertFact[], before: number | undefined): number | undefined {
  let open = before;
  for (const fact of facts) {
    if (fact.kind === 'flapping ended') continue;
    expect(fact.id).toBeLessThanOrEqual(fact.atMs);
    if (fact.kind === 'fired') expect(open ?? fact.id).toBe(fact.id);
    else expect(open).toBe(fact.kind === 'pending' ? undefined : fact.id);
    open = fact.kind === 'resolved' || fact.kind === 'subsided' ? undefined : fact.id;
  }
  return open;
}
