import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { counter, createMetrics, gauge, histogram, MAX_SCRAPERS, type Metrics } from './metrics.ts';

async function served(metrics: Metrics, options = {}): Promise<string> {
  const endpoint = await metrics.serve(options);
  onTestFinished(() => endpoint.stop());
  return `http://127.0.0.1:${endpoint.port}`;
}

describe('the metrics of a process', () => {
  test('are those of its parts, with their names, labels and help', async () => {
    const metrics = createMetrics('test');
    const { meter } = metrics;
    counter(meter, 'reports.accepted', '{report}', 'Accepted reports.').add(3, { outcome: 'accepted' });
    histogram(meter, 'wait.time', 's', 'How long it waited.', [0.5]).record(0.2);
    gauge(meter, 'queue.size', 'By', 'What waits.', () => 7);
    const text = await (await fetch(`${await served(metrics)}/metrics`)).text();
    expect(text).toContain('reports_accepted_total{outcome="accepted"} 3');
    expect(text).toContain('# HELP reports_accepted_total Accepted reports.');
    expect(text).toContain('wait_time_bucket{le="0.5"} 1');
    expect(text).toMatch(/^queue_size 7$/m);
  });

  test('include its memory, CPU and event loop, but not its command line or its user', async () => {
    const text = await (await fetch(`${await served(createMetrics('test'))}/metrics`)).text();
    for (const name of ['process_memory_usage', 'process_cpu_time_total', 'nodejs_eventloop_utilization']) {
      expect(text).toMatch(new RegExp(`^${name}(\\{.*\\})? [0-9.e-]+$`, 'm'));
    }
    expect(text).not.toMatch(/target_info|otel_scope|command/);
  });

  test('show the longest turn of the event loop since the last scrape, in CPU', async () => {
    const origin = await served(createMetrics('test'));
    const longestTurnS = async () => {
      const text = await (await fetch(`${origin}/metrics`)).text();
      return Number(/^nodejs_eventloop_turn_max (.+)$/m.exec(text)?.[1]);
    };
    const before = process.threadCpuUsage();
    while (process.threadCpuUsage(before).user < 300_000);
    expect(await longestTurnS()).toBeGreaterThan(0.3);
    await delay(300);
    expect(await longestTurnS()).toBeLessThan(0.2);
  });

  test('of two apps in one process are separate', async () => {
    const [one, two] = [createMetrics('one'), createMetrics('two')];
    counter(one.meter, 'only.one', '1', 'Only in one.').add(1);
    expect(await (await fetch(`${await served(two)}/metrics`)).text()).not.toContain('only_one');
  });

  test('are there again soon after others held all connections without a request', async () => {
    const origin = await served(createMetrics('test'));
    const silent = Array.from({ length: MAX_SCRAPERS }, () =>
      connect(Number(new URL(origin).port), '127.0.0.1'),
    );
    onTestFinished(() => silent.forEach((socket) => void socket.destroy()));
    for (const socket of silent) socket.on('error', () => undefined).resume();
    await Promise.all(silent.map((socket) => once(socket, 'close')));
    expect((await fetch(`${origin}/metrics`)).status).toBe(200);
  }, 20_000);

  test('are given once a connection, and to other clients while one takes all the connections that it can', async () => {
    const origin = await served(createMetrics('test'));
    const port = Number(new URL(origin).port);
    const open = () => {
      const socket = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.2' });
      socket.on('error', () => undefined);
      onTestFinished(() => void socket.destroy());
      return socket;
    };
    const [first, ...others] = Array.from({ length: 20 }, open) as [Socket, ...Socket[]];
    await Promise.all(others.map((socket) => once(socket, 'connect')));
    expect((await fetch(`${origin}/metrics`)).status).toBe(200);
    first.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(10));
    const answers = Buffer.concat(await first.toArray()).toString();
    expect(answers.match(/^HTTP\/1.1 200/gm)).toHaveLength(1);
  });

  test('are at no other path, and a port that is in use is named', async () => {
    const origin = await served(createMetrics('test'));
    expect((await fetch(`${origin}/`)).status).toBe(404);
    const { port } = new URL(origin);
    await expect(createMetrics('other').serve({ port: Number(port) })).rejects.toMatchObject({
      code: 'RULE_VIOLATED',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
  });
});
