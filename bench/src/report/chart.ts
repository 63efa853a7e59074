import { type Bar, barGroup, groupHeight, WIDTH } from './chart-bars.ts';
import { ratiosIn } from './measure.ts';
import type { BenchRun } from './results.ts';
import { inThreeDigits } from './words.ts';

const TITLE_HEIGHT = 34;
const FOOT_HEIGHT = 24;

/** Colours for a page in either mode; an image cannot see the page's own styles, only what the reader prefers. */
const STYLE = `
    text { font: 12px system-ui, sans-serif; fill: #24292f; }
    .title { font-weight: 600; font-size: 15px; }
    .heading { font-weight: 600; }
    .quiet { fill: #57606a; }
    .bar { fill: #54aeff; }
    .range, .axis { stroke: #24292f; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .quiet { fill: #9198a1; }
      .bar { fill: #1f6feb; }
      .range, .axis { stroke: #e6edf3; }
    }`;

/** A run as a bar chart in SVG, with a transparent ground: its ratios, then its latencies; thin lines are from least to most. */
export function runChart(run: BenchRun): string {
  const groups = [
    { heading: 'Ratios (logarithmic; the line is 1×)', scale: 'ratio' as const, bars: ratioBars(run) },
    { heading: 'Latency in ms', scale: 'length' as const, bars: latencyBars(run) },
  ].filter(({ bars }) => bars.length > 0);
  let top = TITLE_HEIGHT;
  const drawn = groups.map((group) => {
    const at = top;
    top += groupHeight(group.bars);
    return barGroup(group, at);
  });
  return svgOf(run, drawn.join(''), top + FOOT_HEIGHT);
}

function svgOf(run: BenchRun, content: string, height: number): string {
  const { cpus, model } = run.machine;
  const foot = escapeXml(`${run.form} run of ${run.commit.slice(0, 8)} on ${cpus} × ${model}`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">
  <title>Bench: ratios to the references, and latencies</title>
  <style>${STYLE}
  </style>
  <text class="title" x="0" y="16">Bench</text>${content}
  <text class="quiet" x="0" y="${height - 8}">${foot}</text>
</svg>
`;
}

function ratioBars(run: BenchRun): readonly Bar[] {
  return run.measures.flatMap((measure) => {
    if (measure.ratioTo === undefined) return [];
    const { name, value } = measure.ratioTo;
    const label = escapeXml(`${measure.name} (${measure.better} is better)`);
    const said = escapeXml(`${inThreeDigits(value)}× ${name}`);
    return [{ label, value, said, ...rangeOf(ratiosIn(run, measure), value) }];
  });
}

/** A latency that is a ratio to another is among the ratios already. */
function latencyBars(run: BenchRun): readonly Bar[] {
  return run.measures
    .filter(({ unit, ratioTo }) => unit === 'ms' && ratioTo === undefined)
    .map(({ name, value, repeats }) => {
      const said = `${inThreeDigits(value)} ms`;
      return { label: escapeXml(name), value, said, ...rangeOf(repeats, value) };
    });
}

function rangeOf(repeats: readonly number[], value: number): Pick<Bar, 'least' | 'most'> {
  return { least: Math.min(value, ...repeats), most: Math.max(value, ...repeats) };
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
