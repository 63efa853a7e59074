import { hasRegressed, type RatioComparison, THRESHOLD } from './compare.ts';
import { inColumns, inThreeDigits, percent } from './words.ts';

const HEADINGS = ['', 'of', 'baseline', 'now', 'change', 'spread', 'verdict'];

/** Comparisons as a table, with a closing line, and how noise was handled. */
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
  return [inColumns([HEADINGS, ...rows]), '', ABOUT_NOISE, closingLine(comparisons)].join('\n');
}

const LIMIT = percent(THRESHOLD);
const ABOUT_NOISE = `Only ratios are compared, each taken repeat by repeat; their median alone decides, never the best repeat.
Spread is from the least repeat to the most, over the median. Above ${LIMIT} a ratio is marked noisy: its verdict
counts all the same, and another run with more repeats is wanted before it is believed.`;

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
