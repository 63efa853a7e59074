import { expect, test } from 'vitest';
import { runChart } from './chart.ts';
import { barGroup } from './chart-bars.ts';
import { measureOf } from './measure.ts';
import { runOf, runWith } from './run.fixture.ts';

test('ratios and latencies are drawn, with what else the run has left out', () => {
  const latency = measureOf({ name: 'acknowledged p99', unit: 'ms', better: 'lower' }, [12, 14, 13]);
  const run = runWith([50, 100, 50]);
  const svg = runChart({ ...run, measures: [...run.measures, latency] });
  expect(svg).toContain('sustained (higher is better)');
  expect(svg).toContain('0.5× raw journaled insertMany');
  expect(svg).toContain('13 ms');
  expect(svg.match(/<rect /g)).toHaveLength(2);
});

test('it is read in dark mode too, and texts are escaped', () => {
  const svg = runChart(runWith([50, 100, 50]));
  expect(svg).toContain('prefers-color-scheme: dark');
  expect(svg).toContain('A &amp; B &lt;CPU&gt;');
});

test('a run with nothing to draw is still a picture', () => {
  expect(runChart(runOf())).toMatch(/^<svg .*<\/svg>\n$/s);
});

const bar = (value: number) => ({ label: '', said: '', value, least: value, most: value });
const rects = (svg: string) =>
  [...svg.matchAll(/<rect class="bar" x="([\d.]+)" y="\d+" width="([\d.]+)"/g)].map(([, x, width]) => ({
    x: Number(x),
    width: Number(width),
  }));

test('twice and half are bars as long as each other, to either side of 1', () => {
  const [twice, half] = rects(barGroup({ heading: '', scale: 'ratio', bars: [bar(2), bar(0.5)] }, 0));
  expect(twice?.width).toBe(half?.width);
  expect(twice?.x).toBe((half?.x ?? 0) + (half?.width ?? 0));
});

test('lengths are in proportion; a ratio of nothing has a place too', () => {
  const [long, short] = rects(barGroup({ heading: '', scale: 'length', bars: [bar(20), bar(5)] }, 0));
  expect(long?.width).toBeCloseTo(4 * (short?.width ?? 0), 0);
  expect(barGroup({ heading: '', scale: 'ratio', bars: [bar(0)] }, 0)).not.toMatch(/NaN|Infinity/);
});
