import { createMetrics } from '@odograph/platform/metrics';
import { expect, onTestFinished, test } from 'vitest';
import { createWriterMetrics } from './metrics.ts';

async function openMetrics() {
  const { meter, serve } = createMetrics('test');
  const { port, stop } = await serve({});
  onTestFinished(stop);
  const metrics = createWriterMetrics(meter, 2);
  return {
    metrics,
    async series() {
      const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return page.split('\n').filter((line) => /^odograph_log_(\w+_total|halted)\b/.test(line));
    },
  };
}

const OUTCOMES = ['committed', 'conflict', 'duplicate', 'superseded'];

test('what a writer can count is there from the start, at 0, by partition and outcome', async () => {
  const { series } = await openMetrics();
  const ofPartition = (partition: number) => [
    ...['batches', 'lookups', 'retries'].map(
      (name) => `odograph_log_${name}_total{partition="${partition}"} 0`,
    ),
    ...OUTCOMES.map(
      (outcome) => `odograph_log_events_total{partition="${partition}",outcome="${outcome}"} 0`,
    ),
  ];
  const expected = ['odograph_log_halted 0', ...ofPartition(0), ...ofPartition(1)];
  expect((await series()).sort()).toEqual(expected.sort());
});

test('what a writer counts adds to these series, and to no other', async () => {
  const { metrics, series } = await openMetrics();
  const names = (lines: readonly string[]) => lines.map((line) => line.split(' ')[0]).sort();
  const before = names(await series());
  metrics.committed(0, { events: 10, conflicts: 1, duplicates: 2, superseded: 3, lagMs: 4 });
  metrics.lookedUp(1, 5);
  metrics.retried(1);
  metrics.halted(1);
  const after = await series();
  expect(names(after)).toEqual(before);
  expect(after).toEqual(
    expect.arrayContaining([
      'odograph_log_batches_total{partition="0"} 1',
      'odograph_log_events_total{partition="0",outcome="committed"} 9',
      'odograph_log_events_total{partition="0",outcome="conflict"} 1',
      'odograph_log_events_total{partition="0",outcome="duplicate"} 2',
      'odograph_log_events_total{partition="0",outcome="superseded"} 3',
      'odograph_log_lookups_total{partition="1"} 5',
      'odograph_log_retries_total{partition="1"} 1',
      'odograph_log_halted 1',
    ]),
  );
});
