import { createRandom } from '@odograph/kernel/random';
import type { RecordedSample } from '@odograph/projections/recorded-sample';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { window } from './conditions/window.ts';
import type { ToldEpisode } from './episodes.ts';
import { Lane, type LaneOptions } from './lane.ts';
import type { LaneFact, LaneState } from './lane-state.ts';
import { signalIs } from './moments.fixture.ts';
import type { Lifecycle } from './rule.ts';

const LIFECYCLE: Lifecycle = {
  levels: [{ severity: 'warning', when: signalIs('low') }],
  ...{ forMs: 0, keepFiringMs: 0, leastFiringMs: 0, onNoData: 'keep', onError: 'keep' },
  flapping: { alerts: 2, withinMs: 900_000 },
};

const drops = window({ signal: 'level', windowMs: 20_000, of: 'drop', holds: (drop) => drop > 10 });
const RULE = { fingerprint: '', signals: ['level'] };
const RULES = [
  { ...RULE, id: 'low', lifecycle: LIFECYCLE },
  { ...RULE, id: 'low for long', lifecycle: { ...LIFECYCLE, forMs: 10_000, keepFiringMs: 5_000 } },
  {
    ...RULE,
    id: 'drops',
    lifecycle: { ...LIFECYCLE, levels: [{ severity: 'critical' as const, when: drops }] },
  },
];

const laneOf = (options: Partial<LaneOptions> = {}) =>
  new Lane({ latenessMs: 0, late: 'correct', rules: RULES, ...options });

const sampleAt = (atS: number, signals: RecordedSample['signals'], reportId = `r${atS}`): RecordedSample => {
  return { observedAtMs: atS * 1_000, reportId, signals };
};

/** Takes each sample as a report of its own. */
function takeAll(lane: Lane, state: LaneState, samples: readonly RecordedSample[]): LaneFact[] {
  return samples.flatMap((sample) => [...lane.take(state, [sample])]);
}

/** The alerts that are known after the facts, by rule and start. */
function knownAfter(facts: readonly LaneFact[]): string[] {
  const known = new Map<string, ToldEpisode>();
  for (const each of facts) {
    if ('revision' in each) revise(known, each.rule, each.revision);
    else if ('fact' in each) follow(known, each.rule, each.fact);
  }
  const words = ([key, { startedAtMs, firedAtMs, resolvedAtMs }]: [string, ToldEpisode]) =>
    `${key.split('/')[0]}: ${startedAtMs / 1_000} fired ${firedAtMs / 1_000} resolved ${(resolvedAtMs ?? 0) / 1_000}`;
  return [...known].map(words).sort();
}

type RevisionOf<Fact> = Fact extends { revision: infer R } ? R : never;
type FactOf<Fact> = Fact extends { fact: infer F } ? F : never;

function revise(known: Map<string, ToldEpisode>, rule: string, revision: RevisionOf<LaneFact>): void {
  const key = `${rule}/${revision.id}`;
  expect(known.has(key)).toBe(revision.kind !== 'raised late');
  if (revision.kind === 'retracted') known.delete(key);
  else known.set(key, revision);
}

function follow(known: Map<string, ToldEpisode>, rule: string, fact: FactOf<LaneFact>): void {
  if (fact.kind === 'flapping ended') return;
  const key = `${rule}/${fact.id}`;
  const episode = known.get(key);
  if (fact.kind === 'fired') {
    expect(episode).toBeUndefined();
    const { id, startedAtMs, atMs: firedAtMs, severity } = fact;
    known.set(key, { id, startedAtMs, firedAtMs, severity, resolvedAtMs: null });
    return;
  }
  expect(episode?.resolvedAtMs).toBeNull();
  if (fact.kind === 'resolved') known.set(key, { ...(episode as ToldEpisode), resolvedAtMs: fact.atMs });
}

const anySignals = fc.record({ low: fc.boolean(), level: fc.integer({ min: 50, max: 80 }) });
const driveOf = (size: { minLength?: number; maxLength: number }) =>
  fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), anySignals), size).map((steps) => {
    let atS = 0;
    return steps.map(([afterS, signals], index) => {
      atS += afterS;
      return sampleAt(atS, signals, `r${String(index).padStart(3, '0')}`);
    });
  });
const anyDrive = driveOf({ maxLength: 50 });
/** With more samples than are kept. */
const anyLongDrive = driveOf({ minLength: 100, maxLength: 260 });

/** In another order, but each sample less than the lateness behind the newest one before it. */
function shuffledWithin(
  samples: readonly RecordedSample[],
  latenessS: number,
  seed: number,
): RecordedSample[] {
  const random = createRandom(seed);
  const left = [...samples];
  const shuffled: RecordedSample[] = [];
  while (left.length > 0) {
    const oldestMs = Math.min(...left.map(({ observedAtMs }) => observedAtMs));
    const candidates = left.filter(({ observedAtMs }) => observedAtMs <= oldestMs + latenessS * 1_000);
    const [sample] = left.splice(
      left.indexOf(candidates[random.index(candidates.length)] as RecordedSample),
      1,
    );
    shuffled.push(sample as RecordedSample);
  }
  return shuffled;
}

describe('samples that come in another order within the lateness', () => {
  test('make the same alerts, told in the same order', () => {
    fc.assert(
      fc.property(anyDrive, fc.nat(), fc.constantFrom('ignore', 'correct', 'reject'), (drive, seed, late) => {
        const lane = laneOf({ latenessMs: 5_000, late: late as LaneOptions['late'] });
        const [inOrder, shuffled] = [lane.initial(), lane.initial()];
        const facts = [...takeAll(lane, inOrder, drive), ...lane.settle(inOrder)];
        const others = [...takeAll(lane, shuffled, shuffledWithin(drive, 5, seed)), ...lane.settle(shuffled)];
        expect(others).toEqual(facts);
        expect(shuffled).toEqual(inOrder);
      }),
    );
  });

  test('may come as one report', () => {
    fc.assert(
      fc.property(anyDrive, (drive) => {
        const lane = laneOf();
        const [one, all] = [lane.initial(), lane.initial()];
        expect(lane.take(all, drive.toReversed())).toEqual(takeAll(lane, one, drive));
      }),
    );
  });
});

describe('a sample that comes late', () => {
  test('corrects what is known to what it would be in order, whatever the order is', () => {
    fc.assert(
      fc.property(anyDrive, fc.nat(), fc.constantFrom(0, 5_000), (drive, seed, latenessMs) => {
        const lane = laneOf({ latenessMs });
        const [inOrder, shuffled] = [lane.initial(), lane.initial()];
        const facts = [...takeAll(lane, inOrder, drive), ...lane.settle(inOrder)];
        const others = [
          ...takeAll(lane, shuffled, shuffledWithin(drive, 1_000, seed)),
          ...lane.settle(shuffled),
        ];
        expect(knownAfter(others)).toEqual(knownAfter(facts));
      }),
    );
  });

  test('changes nothing that was true, however much of the vehicle is known', () => {
    fc.assert(
      fc.property(anyLongDrive, fc.integer({ min: 1, max: 60 }), anySignals, (drive, behind, signals) => {
        const lane = laneOf();
        const at = Math.max(drive.length - behind, 0);
        const sample = { ...(drive[at] as RecordedSample), reportId: 'rr', signals };
        const [inOrder, late] = [lane.initial(), lane.initial()];
        const facts = takeAll(lane, inOrder, drive.toSpliced(at + 1, 0, sample));
        expect(knownAfter(takeAll(lane, late, [...drive, sample]))).toEqual(knownAfter(facts));
      }),
    );
  });

  const high = sampleAt(10, { low: false });
  const late = sampleAt(5, { low: true });

  test('raises an alert that was not known', () => {
    const lane = laneOf({ rules: RULES.slice(0, 1) });
    const state = lane.initial();
    expect(takeAll(lane, state, [sampleAt(1, { low: false }), high, late])).toEqual([
      {
        rule: 'low',
        revision: {
          ...{ kind: 'raised late', id: 5_000, startedAtMs: 5_000, firedAtMs: 5_000 },
          ...{ severity: 'warning', resolvedAtMs: 10_000 },
        },
      },
    ]);
  });

  test('retracts an alert that was none, and moves the end of another', () => {
    const lane = laneOf({ rules: RULES.slice(1, 2) });
    const first = [sampleAt(1, { low: true }), sampleAt(12, { low: true })];
    const facts = takeAll(lane, lane.initial(), [...first, sampleAt(6, { low: false })]);
    expect(facts.at(-1)).toEqual({ rule: 'low for long', revision: { kind: 'retracted', id: 1_000 } });
    const ended = [...first, sampleAt(30, { low: false }), sampleAt(40, { low: false })];
    const corrected = takeAll(lane, lane.initial(), [...ended, sampleAt(20, { low: false })]);
    expect(corrected.at(-1)).toMatchObject({
      revision: { kind: 'corrected', id: 1_000, resolvedAtMs: 30_000 },
    });
  });

  test('is not looked at, or is said to be rejected, if the rules say so', () => {
    const lanes = (['ignore', 'reject'] as const).map((policy) =>
      laneOf({ late: policy, rules: RULES.slice(0, 1) }),
    );
    const facts = lanes.map((lane) => takeAll(lane, lane.initial(), [high, late]));
    expect(facts).toEqual([[], [{ rule: 'low', rejected: { observedAtMs: 5_000 } }]]);
  });

  test('in a buffered hour behind the newest sample, makes the alerts of that hour, each with its end', () => {
    const lane = laneOf({ rules: RULES.slice(0, 2) });
    const state = lane.initial();
    const live = Array.from({ length: 200 }, (_, at) => sampleAt(3_600 + at, { low: false }));
    const hour = Array.from({ length: 360 }, (_, at) => sampleAt(at * 10, { low: at >= 100 && at < 110 }));
    expect(takeAll(lane, state, live)).toEqual([]);
    expect(knownAfter([...takeAll(lane, state, hour), ...lane.settle(state)])).toEqual([
      'low for long: 1000 fired 1010 resolved 1110',
      'low: 1000 fired 1000 resolved 1100',
    ]);
    const known = state.evaluated;
    lane.take(state, [sampleAt(3_800, { low: false })]);
    expect(state.evaluated).toBe(known);
  });

  test('in a buffered stretch that ends with an alert, makes one that has lasted until then', () => {
    const lane = laneOf({ rules: RULES.slice(0, 1) });
    const state = lane.initial();
    takeAll(
      lane,
      state,
      Array.from({ length: 200 }, (_, at) => sampleAt(3_600 + at, { low: false })),
    );
    const stretch = [sampleAt(100, { low: true }), sampleAt(160, { low: true })];
    const facts = [...takeAll(lane, state, stretch), ...lane.settle(state)];
    expect(knownAfter(facts)).toEqual(['low: 100 fired 100 resolved 160']);
  });
});

test('what is known of a vehicle is plain data, of a limited size, and goes on where it was', () => {
  const lane = laneOf({ latenessMs: 5_000 });
  const [whole, other] = [lane.initial(), lane.initial()];
  let stored = JSON.stringify(other);
  for (let at = 0; at < 2_000; at += 1) {
    const sample = sampleAt(at, { low: at % 7 < 3, level: 80 - (at % 40) });
    const state = JSON.parse(stored) as LaneState;
    expect(lane.take(state, [sample])).toEqual(lane.take(whole, [sample]));
    stored = JSON.stringify(state);
    expect(stored.length).toBeLessThan(40_000);
  }
  expect(JSON.parse(stored)).toEqual(whole);
});
