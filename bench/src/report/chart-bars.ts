/** One bar: its texts as they stand in XML, its value, and the least and most that repeats gave. */
export interface Bar {
  readonly label: string;
  readonly said: string;
  readonly value: number;
  readonly least: number;
  readonly most: number;
}

export interface BarGroup {
  readonly heading: string;
  /** By length from 0; or, for ratios, logarithmic to either side of 1. */
  readonly scale: 'length' | 'ratio';
  readonly bars: readonly Bar[];
}

// All lengths are in pixels.
export const WIDTH = 860;
const [HEADING_HEIGHT, BAR_HEIGHT, BAR_STEP, GAP] = [22, 14, 24, 16];
/** Where bars may lie: labels stand to the left of it, values to the right. */
const [PLOT_LEFT, PLOT_WIDTH] = [310, 220];
const PLOT_RIGHT = PLOT_LEFT + PLOT_WIDTH;

export function groupHeight(bars: readonly Bar[]): number {
  return HEADING_HEIGHT + bars.length * BAR_STEP + GAP;
}

/** A heading with its bars below one another, as SVG, from `top` down. */
export function barGroup({ heading, scale, bars }: BarGroup, top: number): string {
  const place = scale === 'ratio' ? ratioScale(bars) : lengthScale(bars);
  const zero = px(place(scale === 'ratio' ? 1 : 0));
  const first = top + HEADING_HEIGHT;
  const drawn = bars.map((bar, at) => drawBar(bar, Number(zero), place, first + at * BAR_STEP));
  const bottom = first + bars.length * BAR_STEP - (BAR_STEP - BAR_HEIGHT) / 2;
  return `
  <text class="heading" x="0" y="${top + 13}">${heading}</text>${drawn.join('')}
  <line class="axis" x1="${zero}" x2="${zero}" y1="${first - 4}" y2="${bottom}"/>`;
}

type Scale = (value: number) => number;

function lengthScale(bars: readonly Bar[]): Scale {
  const longest = Math.max(...bars.map(({ most }) => most)) || 1;
  return (value) => PLOT_LEFT + (value / longest) * PLOT_WIDTH;
}

/** From the least to the most of all, 1 included. A ratio of 0 has no logarithm: it ends where the smallest can. */
function ratioScale(bars: readonly Bar[]): Scale {
  const exponents = bars.flatMap(({ least, most }) => [log2(least), log2(most)]);
  const [low, high] = [Math.min(-0.5, ...exponents), Math.max(0.5, ...exponents)];
  return (value) => PLOT_LEFT + ((log2(value) - low) / (high - low)) * PLOT_WIDTH;
}

const SMALLEST_RATIO = 0.001;
const log2 = (ratio: number) => Math.log2(Math.max(SMALLEST_RATIO, ratio));

function drawBar({ label, said, value, least, most }: Bar, zero: number, place: Scale, top: number): string {
  const end = place(value);
  const middle = top + BAR_HEIGHT / 2;
  const width = Math.max(1, Math.abs(end - zero));
  return `
  <text x="0" y="${top + 11}">${label}</text>
  <rect class="bar" x="${px(Math.min(end, zero))}" y="${top}" width="${px(width)}" height="${BAR_HEIGHT}" rx="2"/>
  <line class="range" x1="${px(place(least))}" x2="${px(place(most))}" y1="${middle}" y2="${middle}"/>
  <text x="${PLOT_RIGHT + 12}" y="${top + 11}">${said}</text>`;
}

function px(length: number): string {
  return String(Math.round(length * 10) / 10);
}
