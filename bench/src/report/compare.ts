import { Fault } from '@odograph/kernel/fault';
import { ratiosIn, spreadOf } from './measure.ts';
import type { BenchRun, Measure } from './run-record.ts';

/** A ratio that is worse than the baseline by more than this share is a regression. */
export const THRESHOLD = 0.15;

export type Verdict =
  /** Within the threshold. */
  | 'held'
  | 'regressed'
  /** Only the baseline has it, although the run measured its reference. */
  | 'missing'
  /** The run did not measure its reference. */
  | 'not measured'
  /** Only the run has it. */
  | 'new';

/** A ratio of a run and of the baseline. */
export interface RatioComparison {
  readonly name: string;
  readonly reference: string;
  readonly baseline?: number;
  readonly now?: number;
  /** As a share of the baseline; negative is better. */
  readonly worseBy?: number;
  /** From the lowest repeat to the highest, as a share of the median; absent for a single repeat. */
  readonly spread?: number;
  /** The spread is larger than the threshold, so that another run may give another verdict. */
  readonly isNoisy: boolean;
  readonly verdict: Verdict;
}

/**
 * Compares the ratios of a run with those of the baseline; absolute values depend on the machine. Only the median over the
 * repeats decides: with the best repeat, a noisy ratio could get worse unnoticed.
 *
 * @throws Fault INVALID_INPUT if the forms differ, because they do not measure the same.
 */
export function compareRuns(baseline: BenchRun, run: BenchRun): readonly RatioComparison[] {
  if (baseline.form !== run.form) {
    throw new Fault(
      'INVALID_INPUT',
      `a ${run.form} run cannot be compared with a ${baseline.form} baseline: run the bench in the form of the baseline`,
    );
  }
  const known = baseline.measures.filter(hasRatio).map((was) => compareRatio(was, run));
  const names = new Set(known.map(({ name }) => name));
  const added = run.measures.filter((measure) => hasRatio(measure) && !names.has(measure.name));
  return [...known, ...added.filter(hasRatio).map((measure) => newRatio(measure, run))];
}

export function hasRegressed(comparisons: readonly RatioComparison[]): boolean {
  return comparisons.some(({ verdict }) => verdict === 'regressed' || verdict === 'missing');
}

type Ratio = Measure & Required<Pick<Measure, 'ratioTo'>>;

function hasRatio(measure: Measure): measure is Ratio {
  return measure.ratioTo !== undefined;
}

function compareRatio(was: Ratio, run: BenchRun): RatioComparison {
  const { name, better } = was;
  const { name: reference, value: baseline } = was.ratioTo;
  const about = { name, reference, baseline };
  const measure = run.measures.find((one) => one.name === name && one.ratioTo?.name === reference);
  if (measure?.ratioTo === undefined) {
    const hasReference = run.measures.some((one) => one.name === reference);
    return { ...about, isNoisy: false, verdict: hasReference ? 'missing' : 'not measured' };
  }
  const now = measure.ratioTo.value;
  const worseBy = better === 'higher' ? 1 - now / baseline : now / baseline - 1;
  return { ...about, now, worseBy, ...noiseOf(measure, run), verdict: verdictOf(worseBy) };
}

function verdictOf(worseBy: number): Verdict {
  return worseBy > THRESHOLD ? 'regressed' : 'held';
}

function newRatio(measure: Ratio, run: BenchRun): RatioComparison {
  const { name, ratioTo } = measure;
  return { name, reference: ratioTo.name, now: ratioTo.value, ...noiseOf(measure, run), verdict: 'new' };
}

function noiseOf(measure: Measure, run: BenchRun): Pick<RatioComparison, 'spread' | 'isNoisy'> {
  const spread = spreadOf(ratiosIn(run, measure));
  return spread === undefined ? { isNoisy: false } : { spread, isNoisy: spread > THRESHOLD };
}
