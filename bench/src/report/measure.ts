import { invariant } from '@odograph/kernel/fault';
import type { BenchRun, Measure } from './run-record.ts';

/** @param repeats in the order in which they ran. */
export function measureOf(
  about: Pick<Measure, 'name' | 'unit' | 'better'>,
  repeats: readonly number[],
): Measure {
  return { ...about, value: median(repeats), repeats: [...repeats] };
}

/** The measure with its ratio to another one of the same run. */
export function withRatio(measure: Measure, reference: Measure): Measure {
  return {
    ...measure,
    ratioTo: { name: reference.name, value: median(ratiosTo(reference, measure)) },
  };
}

/**
 * The ratios repeat by repeat. Both must be measured in turns, so that a slow phase of the machine does not change them;
 * with different numbers of repeats, the medians give one ratio.
 */
export function ratiosTo(reference: Measure, measure: Measure): readonly number[] {
  if (measure.repeats.length !== reference.repeats.length) return [measure.value / reference.value];
  return measure.repeats.map((value, at) => value / (reference.repeats[at] as number));
}

/** The ratios of a measure to the reference that it names; empty if the run has no such reference. */
export function ratiosIn(run: BenchRun, { ratioTo, ...measure }: Measure): readonly number[] {
  const reference = run.measures.find(({ name }) => name === ratioTo?.name);
  return reference === undefined ? [] : ratiosTo(reference, measure);
}

export function median(values: readonly number[]): number {
  invariant(values.length > 0, 'the median needs at least one value');
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  const upper = sorted[Math.floor(half)] as number;
  return Number.isInteger(half) ? ((sorted[half - 1] as number) + upper) / 2 : upper;
}

/** The difference of the highest and the lowest value, as a share of the median; undefined for a single value. */
export function spreadOf(values: readonly number[]): number | undefined {
  if (values.length < 2) return undefined;
  return (Math.max(...values) - Math.min(...values)) / median(values);
}
