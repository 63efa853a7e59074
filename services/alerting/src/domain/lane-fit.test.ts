import type { RecordedSample } from '@odograph/projections/recorded-sample';
import { describe, expect, test } from 'vitest';
import { predicate } from './conditions/logic.ts';
import { Lane, type LaneRule } from './lane.ts';
import type { LaneFact } from './lane-state.ts';
import type { Lifecycle } from './rule.ts';

const LIFECYCLE: Omit<Lifecycle, 'levels'> = {
  ...{ forMs: 0, keepFiringMs: 0, leastFiringMs: 0, onNoData: 'keep', onError: 'keep' },
  flapping: { alerts: 2, withinMs: 900_000 },
};

/** A rule that fires below a limit. */
function below(limit: number, { id = 'low', forMs = 0, severity = 'warning' as const } = {}): LaneRule {
  const when = predicate(['level'], ({ level }) => Number(level) < limit);
  const lifecycle = { ...LIFECYCLE, forMs, levels: [{ severity, when }] };
  return { id, signals: ['level'], fingerprint: `${limit} ${forMs}`, lifecycle };
}

const laneOf = (...rules: LaneRule[]) => new Lane({ latenessMs: 0, late: 'correct', rules });

const samplesAt = (levels: readonly number[], fromS = 0): RecordedSample[] =>
  levels.map((level, at) => {
    return { observedAtMs: (fromS + at * 10) * 1_000, reportId: `r${fromS + at * 10}`, signals: { level } };
  });

/** What the rules said of the levels, and what the others make of it and of the levels after. */
function factsOf(before: LaneRule[], levels: number[], after: LaneRule[], later: number[] = []) {
  const state = laneOf(...before).initial();
  laneOf(...before).take(state, samplesAt(levels));
  const lane = laneOf(...after);
  const atOnce = lane.continue(state);
  const next = lane.take(state, samplesAt(later, levels.length * 10));
  return { atOnce: atOnce.map(inWords), next: next.map(inWords) };
}

function inWords(each: LaneFact): string {
  if (!('fact' in each) || each.fact.kind === 'flapping ended') return JSON.stringify(each);
  const { kind, id } = each.fact;
  const because = 'because' in each.fact && each.fact.because !== 'condition' ? ` ${each.fact.because}` : '';
  return `${each.rule} ${kind} ${id / 1_000}${because}`;
}

describe('rules that change', () => {
  test('do not touch another rule, nor one that says the same as before', () => {
    const facts = factsOf(
      [below(20), below(30, { id: 'other' })],
      [10],
      [below(20), below(5, { id: 'new' })],
      [9, 40],
    );
    expect(facts).toEqual({ atOnce: ['other resolved 0 removed'], next: ['low resolved 0'] });
  });

  test('keep an alert that both revisions have, under the same name', () => {
    const facts = factsOf([below(20)], [40, 15, 10], [below(12)], [9, 40]);
    expect(facts).toEqual({ atOnce: [], next: ['low resolved 10'] });
  });

  test('end an alert that only the one before has, and fire one that only the new one has', () => {
    expect(factsOf([below(20)], [15], [below(12)]).atOnce).toEqual(['low resolved 0 revised']);
    expect(factsOf([below(12)], [40, 15], [below(20)], [50])).toEqual({
      atOnce: ['low fired 10'],
      next: ['low resolved 10'],
    });
  });

  test('know at once what the samples before say: a rule that is new does not wait again', () => {
    const facts = factsOf([], [40, 15, 14, 13], [below(20, { forMs: 20_000 })], [40]);
    expect(facts).toEqual({ atOnce: ['low fired 10'], next: ['low resolved 10'] });
  });

  test('do not begin to wait again, if the condition has held for longer than samples are kept', () => {
    const long = Array.from({ length: 300 }, () => 15);
    const rule = below(20, { forMs: 3_010_000 });
    expect(factsOf([rule], long, [{ ...rule, fingerprint: 'other' }], [15, 15])).toEqual({
      atOnce: [],
      next: ['low fired 0'],
    });
  });

  test('of 500 that fire, change only the one that is revised', () => {
    const rules = Array.from({ length: 500 }, (_, at) => below(20, { id: `rule ${at}` }));
    const revised = rules.with(250, below(10, { id: 'rule 250' }));
    expect(factsOf(rules, [15], revised, [15]).atOnce).toEqual(['rule 250 resolved 0 revised']);
  });

  test('correct what late samples change, also of a rule that was not there for them', () => {
    const state = laneOf().initial();
    laneOf().take(state, samplesAt([40, 40, 40, 40]));
    const lane = laneOf(below(20));
    lane.continue(state);
    const late = { observedAtMs: 15_000, reportId: 'late', signals: { level: 10 } };
    expect(lane.take(state, [late])).toMatchObject([
      { revision: { kind: 'raised late', resolvedAtMs: 20_000 } },
    ]);
  });

  test('give the same state as if they had been there from the first sample that is kept', () => {
    const levels = Array.from({ length: 50 }, (_, at) => (at * 7) % 40);
    const [from, other] = [laneOf().initial(), laneOf(below(20)).initial()];
    laneOf().take(from, samplesAt(levels));
    laneOf(below(20)).take(other, samplesAt(levels));
    laneOf(below(20)).continue(from);
    const [own] = from.evaluated.tracks;
    const [expected] = other.evaluated.tracks;
    expect(own?.alert).toEqual(expected?.alert);
    expect(own?.episodes.map(({ id, resolvedAtMs }) => [id, resolvedAtMs])).toEqual(
      expected?.episodes.map(({ id, resolvedAtMs }) => [id, resolvedAtMs]),
    );
  });

  test('go on with an alert whose `for` is longer than the samples that are kept', () => {
    const long = Array.from({ length: 300 }, () => 15);
    const facts = factsOf([below(20)], long, [below(20, { forMs: 7_200_000 })], [15, 40]);
    expect(facts).toEqual({ atOnce: [], next: ['low resolved 0'] });
  });

  test('go on with an alert that is not clear, though the condition does not hold any more', () => {
    const clear = predicate(['level'], ({ level }) => Number(level) > 50);
    const withClear = (rule: LaneRule, fingerprint: string) => {
      return { ...rule, fingerprint, lifecycle: { ...rule.lifecycle, clear } };
    };
    const long = [15, ...Array.from({ length: 300 }, () => 40)];
    const facts = factsOf([withClear(below(20), 'a')], long, [withClear(below(19), 'b')], [40, 60]);
    expect(facts).toEqual({ atOnce: [], next: ['low resolved 0'] });
  });

  test('do not tell what was over before they were there, also if a sample comes late', () => {
    const state = laneOf(below(20)).initial();
    laneOf(below(20)).take(state, samplesAt([15, 40, 15, 40, 40, 40]));
    const lane = laneOf(below(18), below(30, { id: 'new' }));
    expect(lane.continue(state)).toEqual([]);
    const late = { observedAtMs: 5_000, reportId: 'late', signals: { other: 1 } };
    expect(lane.take(state, [late])).toEqual([]);
    const other = { observedAtMs: 15_000, reportId: 'later', signals: { level: 10 } };
    expect(lane.take(state, [other]).map((fact) => 'revision' in fact && [fact.rule, fact.revision])).toEqual(
      [['low', expect.objectContaining({ kind: 'corrected', id: 20_000, startedAtMs: 15_000 })]],
    );
  });
});
