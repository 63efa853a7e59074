import { invariant } from '@odograph/kernel/fault';
import type { BenchRun, Measure } from './results.ts';

/** A measure from what its repeats gave, in the order in which they ran. */
export function measureOf(
  about: Pick<Measure, 'name' | 'unit' | 'better'>,
  repeats: readonly number[],
): Measure {
  return { ...about, value: median(repeats), repeats: [...repeats] };
}

/** The same with its ratio to another of the same run. */
export function withRatio(measure: Measure, reference: Measure): Measure {
  return {
    ...measure,
    ratioTo: { name: reference.name, value: median(ratiosTo(reference, measure)) },
  };
}

/**
 * How many times the reference a measure is, repeat by repeat: the two are to be measured in turns, so that what slows the
 * machine for a while slows both and leaves their ratio. Where they have not as many repeats, the medians give one ratio.
 */
export function ratiosTo(reference: Measure, measure: Measure): readonly number[] {
  if (measure.repeats.length !== reference.repeats.length) return [measure.value / reference.value];
  return measure.repeats.map((value, at) => value / (reference.repeats[at] as number));
}

/** The ratios of a measure to what it names in its run; none where it names nothing that the run has. */
export function ratiosIn(run: BenchRun, { ratioTo, ...measure }: Measure): readonly number[] {
  const reference = run.measures.find(({ name }) => name === ratioTo?.name);
  return reference === undefined ? [] : ratiosTo(reference, measure);
}

export function median(values: readonly number[]): number {
  invariant(values.length > 0, 'nothing has no median');
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  const upper = sorted[Math.floor(half)] as number;
  return Number.isInteger(half) ? ((sorted[half - 1] as number) + upper) / 2 : upper;
}

/** From the least to the most, as a share of the median; undefined where there is only one. */
export function spreadOf(values: readonly number[]): number | undefined {
  if (values.length < 2) return undefined;
  return (Math.max(...values) - Math.min(...values)) / median(values);
}
