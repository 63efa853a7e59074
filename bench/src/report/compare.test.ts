import { expect, test } from 'vitest';
import { compareRuns, hasRegressed } from './compare.ts';
import { comparisonTable } from './comparison-table.ts';
import { measureOf } from './measure.ts';
import { RAW, runOf, runWith } from './run.fixture.ts';

const baseline = runWith([50, 100, 50]);

/** The one ratio of a run beside the baseline's 0.5. */
function compared(ours: readonly number[]) {
  const [only] = compareRuns(baseline, runWith(ours));
  return only;
}

test('up to 15 % worse is held, more is a regression', () => {
  expect(compared([43, 86, 43])).toMatchObject({ baseline: 0.5, now: 0.43, verdict: 'held' });
  expect(compared([42, 84, 42])).toMatchObject({ now: 0.42, verdict: 'regressed' });
  expect(compared([90, 180, 90])).toMatchObject({ now: 0.9, worseBy: -0.8, verdict: 'held' });
});

test('where lower is better, more is worse', () => {
  const was = runWith([10, 20, 10], 'lower');
  expect(compareRuns(was, runWith([12, 24, 12], 'lower'))).toMatchObject([{ verdict: 'regressed' }]);
  expect(compareRuns(was, runWith([5, 10, 5], 'lower'))).toMatchObject([{ verdict: 'held' }]);
});

test('a machine twice as slow changes nothing', () => {
  const slower = runOf(
    ...runWith([50, 100, 50]).measures.map((measure) => ({
      ...measure,
      value: measure.value / 2,
      repeats: measure.repeats.map((value) => value / 2),
    })),
  );
  expect(compareRuns(baseline, slower)).toMatchObject([{ now: 0.5, worseBy: 0, verdict: 'held' }]);
});

test('the median decides, not the best repeat; noise is marked', () => {
  expect(compared([60, 80, 40])).toMatchObject({ now: 0.4, isNoisy: true, verdict: 'regressed' });
  expect(compared([60, 100, 30])).toMatchObject({ now: 0.5, isNoisy: true, verdict: 'held' });
  expect(compared([50, 101, 51])).toMatchObject({ isNoisy: false });
});

test('a missing ratio is a regression, unless its reference was not measured', () => {
  const raw = measureOf({ name: RAW, unit: 'events/s', better: 'higher' }, [100]);
  const [missing] = compareRuns(baseline, runOf(raw));
  const [notMeasured] = compareRuns(baseline, runOf());
  expect(missing).toMatchObject({ verdict: 'missing' });
  expect(notMeasured).toMatchObject({ verdict: 'not measured' });
  expect(hasRegressed(compareRuns(baseline, runOf(raw)))).toBe(true);
  expect(hasRegressed(compareRuns(baseline, runOf()))).toBe(false);
});

test('a ratio that the baseline does not have is shown, and is not a regression', () => {
  const comparisons = compareRuns(runOf(), baseline);
  expect(comparisons).toMatchObject([{ name: 'sustained', now: 0.5, verdict: 'new' }]);
  expect(hasRegressed(comparisons)).toBe(false);
});

test('a quick run is not compared with a full one', () => {
  expect(() => compareRuns({ ...baseline, form: 'full' }, baseline)).toThrow(
    'a quick run cannot be compared',
  );
});

test('the table shows changes and spreads, and explains noise', () => {
  const text = comparisonTable(compareRuns(baseline, runWith([60, 80, 40])));
  expect(text).toMatch(
    /sustained +raw journaled insertMany +0\.5× +0\.4× +20 % worse +50 % +regressed, noisy/,
  );
  expect(text).toContain('the median of the repeats decides');
  expect(text).toContain('more than 15 % worse than the baseline: sustained');
});
