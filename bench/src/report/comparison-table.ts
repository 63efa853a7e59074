import { hasRegressed, type RatioComparison, THRESHOLD } from './compare.ts';
import { inThreeDigits, percent, textTable } from './table.ts';

const HEADINGS = ['', 'of', 'baseline', 'now', 'change', 'spread', 'verdict'];

/** Comparisons as a table, with an explanation of noise and the conclusion. */
export function comparisonTable(comparisons: readonly RatioComparison[]): string {
  const rows = comparisons.map((one) => [
    one.name,
    one.reference,
    one.baseline === undefined ? '' : `${inThreeDigits(one.baseline)}×`,
    one.now === undefined ? '' : `${inThreeDigits(one.now)}×`,
    changeOf(one),
    spreadWords(one),
    one.isNoisy ? `${one.verdict}, noisy` : one.verdict,
  ]);
  return [textTable([HEADINGS, ...rows]), '', ABOUT_NOISE, closingLine(comparisons)].join('\n');
}

const LIMIT = percent(THRESHOLD);
const ABOUT_NOISE = `Only ratios are compared. Each is taken repeat by repeat, and the median of the repeats decides.
Spread is the difference of the highest and the lowest repeat, divided by the median. Above ${LIMIT} a ratio is noisy:
its verdict counts, but run the bench again with more repeats before you rely on it.`;

function closingLine(comparisons: readonly RatioComparison[]): string {
  const worse = comparisons.filter((one) => hasRegressed([one]));
  if (worse.length === 0) return `No ratio is more than ${LIMIT} worse than the baseline.`;
  return `Missing or more than ${LIMIT} worse than the baseline: ${worse.map(({ name }) => name).join(', ')}`;
}

function changeOf({ worseBy }: RatioComparison): string {
  if (worseBy === undefined) return '';
  const by = percent(Math.abs(worseBy));
  if (by === percent(0)) return 'same';
  return `${by} ${worseBy > 0 ? 'worse' : 'better'}`;
}

function spreadWords({ spread, now }: RatioComparison): string {
  if (now === undefined) return '';
  return spread === undefined ? 'one repeat' : percent(spread);
}
