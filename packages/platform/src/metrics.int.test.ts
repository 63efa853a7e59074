import { describe, expect, onTestFinished, test } from 'vitest';
import { createMetrics, type Metrics } from './metrics.ts';

async function served(metrics: Metrics, options = {}): Promise<string> {
  const endpoint = await metrics.serve(options);
  onTestFinished(() => endpoint.stop());
  return `http://127.0.0.1:${endpoint.port}`;
}

describe('the metrics of a process', () => {
  test('are what its parts count, under their names and units', async () => {
    const metrics = createMetrics('test');
    metrics.meter.createCounter('reports.accepted').add(3, { outcome: 'accepted' });
    metrics.meter.createHistogram('wait.time', { advice: { explicitBucketBoundaries: [0.5] } }).record(0.2);
    const text = await (await fetch(`${await served(metrics)}/metrics`)).text();
    expect(text).toContain('reports_accepted_total{outcome="accepted"} 3');
    expect(text).toContain('wait_time_bucket{le="0.5"} 1');
  });

  test('tell of its memory, CPU and event loop, and neither of its command line nor of its user', async () => {
    const text = await (await fetch(`${await served(createMetrics('test'))}/metrics`)).text();
    for (const name of ['process_memory_usage', 'process_cpu_time_total', 'nodejs_eventloop_utilization']) {
      expect(text).toMatch(new RegExp(`^${name}(\\{.*\\})? [0-9.e-]+$`, 'm'));
    }
    expect(text).not.toMatch(/target_info|otel_scope|command/);
  });

  test('of two apps in one process are apart', async () => {
    const [one, two] = [createMetrics('one'), createMetrics('two')];
    one.meter.createCounter('only.one').add(1);
    expect(await (await fetch(`${await served(two)}/metrics`)).text()).not.toContain('only_one');
  });

  test('are nowhere else, and a taken port is named', async () => {
    const origin = await served(createMetrics('test'));
    expect((await fetch(`${origin}/`)).status).toBe(404);
    const { port } = new URL(origin);
    await expect(createMetrics('other').serve({ port: Number(port) })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
  });
});
