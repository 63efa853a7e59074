import { expect, test } from 'vitest';
import { measureOf, median, ratiosIn, ratiosTo, spreadOf, withRatio } from './measure.ts';
import { runOf } from './run.fixture.ts';

const rate = (name: string, ...repeats: number[]) =>
  measureOf({ name, unit: 'events/s', better: 'higher' }, repeats);

test('a measure is the median of its repeats, and keeps them in order', () => {
  expect(rate('ours', 30, 10, 20)).toMatchObject({ value: 20, repeats: [30, 10, 20] });
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(() => median([])).toThrow('the median needs at least one value');
});

test('a slow phase of the machine does not change ratios', () => {
  const ours = rate('ours', 50, 25, 50);
  const reference = rate('reference', 100, 50, 100);
  expect(ratiosTo(reference, ours)).toEqual([0.5, 0.5, 0.5]);
  expect(withRatio(ours, reference).ratioTo).toEqual({ name: 'reference', value: 0.5 });
});

test('with different numbers of repeats the medians give one ratio', () => {
  expect(ratiosTo(rate('reference', 100), rate('ours', 40, 50, 60))).toEqual([0.5]);
});

test('the ratios of a run are found by the name of the reference', () => {
  const reference = rate('reference', 100, 200);
  const ours = withRatio(rate('ours', 50, 50), reference);
  expect(ratiosIn(runOf(reference, ours), ours)).toEqual([0.5, 0.25]);
  expect(ratiosIn(runOf(ours), ours)).toEqual([]);
  expect(ratiosIn(runOf(reference), reference)).toEqual([]);
});

test('the spread is the range divided by the median, and needs two values', () => {
  expect(spreadOf([90, 100, 120])).toBeCloseTo(0.3);
  expect(spreadOf([100])).toBeUndefined();
});
