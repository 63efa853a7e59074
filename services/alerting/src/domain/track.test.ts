import type { RecordedSample } from '@odograph/projections/recorded-sample';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Condition, Truth } from './condition.ts';
import { Lane, type LaneRule } from './lane.ts';
import type { LaneFact } from './lane-state.ts';
import { signalIs } from './moments.fixture.ts';
import type { DoubtPolicy, Lifecycle } from './rule.ts';

/** The same condition, which claims that it has a state: what is known of its rule is always kept. */
function withState(condition: Condition<null>): Condition<object> {
  return { ...condition, initial: () => ({}), evaluate: (_, moment) => condition.evaluate(null, moment) };
}

const [minor, major, clear] = [signalIs('minor'), signalIs('major'), signalIs('clear')];

type Choice = Omit<Lifecycle, 'levels' | 'clear' | 'isScheduledAt'> & {
  readonly hasClear: boolean;
  readonly isScheduled: boolean;
};

const anyMs = fc.constantFrom(0, 3_000, 12_000);
const anyPolicy = fc.constantFrom<DoubtPolicy>('keep', 'alert', 'resolve');
const anyChoice: fc.Arbitrary<Choice> = fc.record({
  ...{ forMs: anyMs, keepFiringMs: anyMs, leastFiringMs: anyMs, onNoData: anyPolicy, onError: anyPolicy },
  flapping: fc.record({ alerts: fc.constantFrom(2, 3), withinMs: fc.constantFrom(10_000, 60_000) }),
  ...{ hasClear: fc.boolean(), isScheduled: fc.boolean() },
});

function ruleOf({ hasClear, isScheduled, ...times }: Choice, of: (condition: Condition<null>) => Condition) {
  const lifecycle: Lifecycle = {
    ...times,
    levels: [
      { severity: 'warning', when: of(minor) },
      { severity: 'critical', when: of(major) },
    ],
    clear: hasClear ? of(clear) : undefined,
    isScheduledAt: isScheduled ? (atMs) => atMs % 50_000 < 30_000 : undefined,
  };
  return { id: 'rule', fingerprint: JSON.stringify(times), signals: [], lifecycle } satisfies LaneRule;
}

const anyTruth = fc.constantFrom<Truth>(true, false, false, 'unknown', 'error');
const anySamples = fc
  .array(
    fc.record({
      stepS: fc.constantFrom(1, 1, 2, 20),
      lateS: fc.constantFrom(0, 0, 0, 0, 3, 40, 4_000),
      signals: fc.dictionary(fc.constantFrom('minor', 'major', 'clear'), anyTruth),
    }),
    { minLength: 1, maxLength: 150 },
  )
  .map((steps) => {
    let atS = 10_000;
    return steps.map(({ stepS, lateS, signals }, at): RecordedSample => {
      atS += stepS;
      return { observedAtMs: (atS - lateS) * 1_000, reportId: `r${at}`, signals } as RecordedSample;
    });
  });

/** What is said of the samples, if the rule is revised before one of them. */
function factsOf(
  samples: readonly RecordedSample[],
  [before, after]: readonly [LaneRule, LaneRule],
  { revisedAt, latenessMs }: { readonly revisedAt: number; readonly latenessMs: number },
): LaneFact[] {
  const laneOf = (rule: LaneRule) => new Lane({ latenessMs, late: 'correct', rules: [rule] });
  let lane = laneOf(before);
  let state = lane.initial();
  const facts: LaneFact[] = [];
  for (const [at, sample] of samples.entries()) {
    if (at === revisedAt) {
      lane = laneOf(after);
      facts.push(...lane.continue(state));
    }
    facts.push(...lane.take(state, [sample]));
    state = JSON.parse(JSON.stringify(state));
  }
  return [...facts, ...lane.settle(state)];
}

test('a rule of which nothing is kept while it is at rest says what it would if all were kept', () => {
  fc.assert(
    fc.property(
      fc.tuple(anyChoice, anyChoice),
      anySamples,
      fc.record({ revisedAt: fc.nat(150), latenessMs: fc.constantFrom(0, 5_000) }),
      ([one, other], samples, how) => {
        const facts = factsOf(samples, [ruleOf(one, (it) => it), ruleOf(other, (it) => it)], how);
        const kept = factsOf(samples, [ruleOf(one, withState), ruleOf(other, withState)], how);
        expect(facts).toEqual(kept);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('nothing is kept of a rule without a state before it holds, nor once no late sample can change its alert', () => {
  const rule = ruleOf(
    {
      ...{ forMs: 0, keepFiringMs: 0, leastFiringMs: 0, onNoData: 'keep', onError: 'keep' },
      ...{ flapping: { alerts: 2, withinMs: 60_000 }, hasClear: false, isScheduled: false },
    },
    (it) => it,
  );
  const lane = new Lane({ latenessMs: 0, late: 'correct', rules: [rule] });
  const state = lane.initial();
  const isKept = Array.from({ length: 200 }, (_, at) => {
    lane.take(state, [
      { observedAtMs: at * 10_000, reportId: `r${at}`, signals: { minor: at === 50, major: false } },
    ]);
    return state.evaluated.tracks[0] !== null;
  });
  expect([0, 49, 50, 51, 199].map((at) => isKept[at])).toEqual([false, false, true, true, false]);
});
