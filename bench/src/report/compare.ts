import { Fault } from '@odograph/kernel/fault';
import { ratiosIn, spreadOf } from './measure.ts';
import type { BenchRun, Measure } from './results.ts';

/** A ratio this much worse than the baseline's is a regression. */
export const THRESHOLD = 0.15;

export type Verdict =
  /** Not worse than the threshold allows. */
  | 'held'
  | 'regressed'
  /** The baseline has it and the run has not, though it measured what it is a ratio to. */
  | 'missing'
  /** The run did not measure what it is a ratio to. */
  | 'not measured'
  /** The baseline has not got it. */
  | 'new';

/** A ratio of a run beside the baseline's. */
export interface RatioComparison {
  readonly name: string;
  /** What it is a ratio to. */
  readonly reference: string;
  readonly baseline?: number;
  readonly now?: number;
  /** As a share of the baseline; negative is better. */
  readonly worseBy?: number;
  /** From its least repeat to its most, as a share of its median; absent where there was one repeat. */
  readonly spread?: number;
  /** Its repeats spread over more than the threshold: one run more may say otherwise. */
  readonly isNoisy: boolean;
  readonly verdict: Verdict;
}

/**
 * Holds the ratios of a run against a baseline's; absolute numbers are the machine's as much as ours, and are left out.
 *
 * Noise: a ratio is taken repeat by repeat, of measures that ran in turns, and the median over the repeats alone decides.
 * It is never judged by its best repeat, or the noisier a ratio were the more it could lose unnoticed. So noise neither
 * excuses nor condemns: a regression counts as one however far its repeats spread, and what spreads over more than the
 * threshold is marked, because then its verdict, whichever it is, wants another run with more repeats.
 *
 * @throws Fault INVALID_INPUT when one is a quick run and the other a full one: they do not measure the same.
 */
export function compareRuns(baseline: BenchRun, run: BenchRun): readonly RatioComparison[] {
  if (baseline.form !== run.form) {
    throw new Fault('INVALID_INPUT', `a ${run.form} run cannot be held against a ${baseline.form} baseline`);
  }
  const known = baseline.measures.filter(hasRatio).map((was) => compareRatio(was, run));
  const names = new Set(known.map(({ name }) => name));
  const added = run.measures.filter((measure) => hasRatio(measure) && !names.has(measure.name));
  return [...known, ...added.filter(hasRatio).map((measure) => newRatio(measure, run))];
}

/** Whether any ratio is beyond what can be accepted. */
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
