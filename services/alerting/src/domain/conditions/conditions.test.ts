import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Moment } from '../condition.ts';
import { type Came, momentsOf, signalIs, truthsOf } from '../moments.fixture.ts';
import { absence } from './absence.ts';
import { all, any, not, predicate } from './logic.ts';
import { sequence } from './sequence.ts';
import { MAX_WINDOW_VALUES, type WindowFunction, window } from './window.ts';

describe('all, any and not', () => {
  const truths = [true, false, 'unknown', 'error'] as const;
  const moments = momentsOf(truths.flatMap((a) => truths.map((b): Came => [1, { a, b }])));
  const [a, b] = [signalIs('a'), signalIs('b')];

  test('what is known decides, if it can', () => {
    const withTrue = [true, false, 'unknown', 'error'];
    const withFalse = [false, false, false, false];
    const withUnknown = ['unknown', false, 'unknown', 'error'];
    const withError = ['error', false, 'error', 'error'];
    expect(truthsOf(all([a, b]), moments)).toEqual([withTrue, withFalse, withUnknown, withError].flat());
  });

  test('any is not all of what is not', () => {
    expect(truthsOf(any([a, b]), moments)).toEqual(truthsOf(not(all([not(a), not(b)])), moments));
  });

  test('each condition sees every moment, also after another one has decided', () => {
    const seen: number[] = [];
    const counts = {
      signals: [],
      initial: () => null,
      evaluate: (_: null, { atMs }: Moment) => seen.push(atMs) > 0,
    };
    truthsOf(
      any([counts, counts]),
      momentsOf([
        [1, {}],
        [2, {}],
      ]),
    );
    expect(seen).toEqual([1_000, 1_000, 2_000, 2_000]);
  });
});

describe('a predicate', () => {
  test('is not asked before all of its signals have come, and one that throws is an error', () => {
    const isLow = predicate(['level'], ({ level }) => {
      if (level === 'broken') throw new Error('broken');
      return Number(level) < 20;
    });
    const moments = momentsOf([
      [1, { other: 1 }],
      [2, { level: 19 }],
      [3, { level: 'broken' }],
      [4, { level: 20 }],
    ]);
    expect(truthsOf(isLow, moments)).toEqual(['unknown', true, 'error', false]);
  });
});

describe('a window', () => {
  const overWindow = (of: WindowFunction, holds: (result: number) => boolean) =>
    window({ signal: 'level', windowMs: 10_000, of, holds });

  test('a drop is from the greatest value in the window to the newest', () => {
    const drops = overWindow('drop', (drop) => drop > 10);
    const levels = [80, 85, 79, 76, 74].map((level, at): Came => [at * 4, { level }]);
    // At 16 s, 85 is out of the window, but 79 is in it.
    expect(truthsOf(drops, momentsOf(levels))).toEqual([false, false, false, false, false]);
    const quickly = [80, 85, 79, 74].map((level, at): Came => [at * 2, { level }]);
    expect(truthsOf(drops, momentsOf(quickly))).toEqual([false, false, false, true]);
  });

  test('nothing is known of values that have not come, but there are none of them', () => {
    const moments = momentsOf([
      [1, {}],
      [2, { level: 1 }],
      [12, {}],
    ]);
    expect(
      truthsOf(
        overWindow('average', (average) => average === 1),
        moments,
      ),
    ).toEqual(['unknown', true, 'unknown']);
    expect(
      truthsOf(
        overWindow('count', (count) => count === 0),
        moments,
      ),
    ).toEqual([true, false, true]);
  });

  test('a text is an error', () => {
    expect(
      truthsOf(
        overWindow('sum', () => true),
        momentsOf([[1, { level: 'P' }]]),
      ),
    ).toEqual(['error']);
  });

  const COMPUTED: { readonly [Name in WindowFunction]: (values: readonly number[]) => number } = {
    average: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
    count: (values) => values.length,
    sum: (values) => values.reduce((sum, value) => sum + value, 0),
    minimum: (values) => Math.min(...values),
    maximum: (values) => Math.max(...values),
    change: (values) => (values.at(-1) as number) - (values[0] as number),
    rise: (values) => (values.at(-1) as number) - Math.min(...values),
    drop: (values) => Math.max(...values) - (values.at(-1) as number),
  };

  test.each(Object.entries(COMPUTED))('%s is what it is of the values in the window', (name, compute) => {
    // Eighths are exact in sums.
    const value = fc.integer({ min: -80, max: 80 }).map((eighths) => eighths / 8);
    const samples = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), value), { maxLength: 200 });
    fc.assert(
      fc.property(samples, (steps) => {
        const results: number[] = [];
        const condition = overWindow(name as WindowFunction, (result) => results.push(result) > 0);
        const values: { atS: number; value: number }[] = [];
        let atS = 0;
        const state = condition.initial();
        for (const [afterS, level] of steps) {
          atS += afterS;
          values.push({ atS, value: level });
          condition.evaluate(state, { atMs: atS * 1_000, latest: {}, came: { level }, silentMs: 0 });
          const inWindow = values.filter((each) => each.atS > atS - 10).map((each) => each.value);
          expect(results.at(-1)).toBe(compute(inWindow));
        }
      }),
    );
  });

  test.each([1e17, 1.7e308])('of which %d was a value has the sum of the others when it is gone', (huge) => {
    const levels = [huge, huge, 1, 2].map((level, at): Came => [at * 4, { level }]);
    const isThree = overWindow('sum', (sum) => sum === 3);
    expect(truthsOf(isThree, momentsOf([...levels, [15, {}]])).at(-1)).toBe(true);
  });

  test('has a limit, above which the oldest values leave early', () => {
    const counts: number[] = [];
    const condition = window({
      ...{ signal: 'level', windowMs: 1e9, of: 'count' },
      holds: (count) => counts.push(count) > 0,
    });
    const state = condition.initial();
    for (let at = 0; at < MAX_WINDOW_VALUES + 10; at += 1)
      condition.evaluate(state, { atMs: at, latest: {}, came: { level: at }, silentMs: 0 });
    expect(counts.at(-1)).toBe(MAX_WINDOW_VALUES);
    expect(state.times.length).toBeLessThan(MAX_WINDOW_VALUES + 100);
  });
});

test('absence holds after a silence', () => {
  const moments = [0, 59, 60, 0].map((silentS): Moment => {
    return { atMs: 0, latest: {}, came: {}, silentMs: silentS * 1_000 };
  });
  expect(truthsOf(absence(60_000), moments)).toEqual([false, false, true, false]);
});

describe('a sequence', () => {
  const [first, next, without] = [signalIs('first'), signalIs('next'), signalIs('without')];
  const came = (atS: number, what: string): Came => {
    return [atS, { first: what.includes('f'), next: what.includes('n'), without: what.includes('w') }];
  };
  const seen = (samples: readonly Came[]) =>
    truthsOf(sequence({ first, next, withinMs: 10_000, without }), momentsOf(samples));

  test('holds once the next one comes in time, until that one ends', () => {
    expect(seen([came(0, 'f'), came(10, 'n'), came(60, 'n'), came(70, ''), came(71, 'n')])).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
  });

  test.each([
    ['is too late', [came(0, 'f'), came(11, 'n')]],
    ['is at the same moment', [came(0, 'fn')]],
    ['comes first', [came(0, 'n'), came(1, 'f')]],
    ['has held since before the first', [came(0, 'n'), came(1, 'fn'), came(2, 'n')]],
    ['comes after what may not be in between', [came(0, 'f'), came(1, 'w'), came(2, 'n')]],
    ['comes together with it', [came(0, 'f'), came(1, 'wn')]],
  ])('does not hold if the next one %s', (_, samples) => {
    expect(seen(samples)).not.toContain(true);
  });

  test('the last moment of the first one counts', () => {
    expect(seen([came(0, 'f'), came(8, 'f'), came(18, 'n')])).toEqual([false, false, true]);
  });
});
