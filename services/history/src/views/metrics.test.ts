import { createMetrics } from '@odograph/platform/metrics';
import { expect, onTestFinished, test } from 'vitest';
import { createViewMetrics } from './metrics.ts';

async function openMetrics() {
  const { meter, serve } = createMetrics('test');
  const { port, stop } = await serve({});
  onTestFinished(stop);
  const metrics = createViewMetrics(meter, 2, ['status', 'samples']);
  return {
    metrics,
    async series() {
      const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return page.split('\n').filter((line) => /^odograph_views_\w+_total\{/.test(line));
    },
  };
}

test('what the views can count is there from the start, at 0, for each projection', async () => {
  const { series } = await openMetrics();
  const ofPartition = (partition: number) => [
    `odograph_views_flush_slices_total{partition="${partition}"} 0`,
    `odograph_views_healed_total{partition="${partition}"} 0`,
    `odograph_views_retries_total{partition="${partition}"} 0`,
    `odograph_views_retries_total{partition="${partition}",projection="samples"} 0`,
    `odograph_views_retries_total{partition="${partition}",projection="status"} 0`,
  ];
  expect((await series()).sort()).toEqual([...ofPartition(0), ...ofPartition(1)].sort());
});

test('what is counted adds to these series, and to no other', async () => {
  const { metrics, series } = await openMetrics();
  const names = (lines: readonly string[]) => lines.map((line) => line.split(' ')[0]).sort();
  const before = names(await series());
  metrics.flushed(0, 7, 20);
  metrics.retried(0);
  metrics.retried(1, 'status');
  metrics.retried(1, 'status');
  metrics.healed(1);
  const after = await series();
  expect(names(after)).toEqual(before);
  expect(after).toEqual(
    expect.arrayContaining([
      'odograph_views_flush_slices_total{partition="0"} 7',
      'odograph_views_retries_total{partition="0"} 1',
      'odograph_views_retries_total{partition="1"} 0',
      'odograph_views_retries_total{partition="1",projection="status"} 2',
      'odograph_views_healed_total{partition="1"} 1',
    ]),
  );
});
