import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { Fault } from '@odograph/kernel/fault';
import type { Histogram, Meter } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

/** Where a process's metrics can be scraped. */
export interface MetricsEndpoint {
  readonly port: number;
  stop(): Promise<void>;
}

export interface Metrics {
  /** Makes instruments. Never label by vehicle: an instrument keeps 2,000 sets of labels, and folds the rest into one. */
  readonly meter: Meter;
  /** Serves `GET /metrics` in the Prometheus text format. */
  serve(options: { readonly host?: string; readonly port?: number }): Promise<MetricsEndpoint>;
}

/** Metrics of a process: what its parts count, and its memory, CPU and event loop. */
export function createMetrics(service: string): Metrics {
  // Its own server cannot listen on a free port: it takes 0 for 9464. Labels with the process's command line stay out.
  const exporter = new PrometheusExporter({
    preventServerStart: true,
    withoutScopeInfo: true,
    withoutTargetInfo: true,
  });
  const meter = new MeterProvider({ readers: [exporter] }).getMeter(service);
  observeProcess(meter);
  return { meter, serve: ({ host = '127.0.0.1', port = 0 }) => serve(exporter, host, port) };
}

async function serve(exporter: PrometheusExporter, host: string, port: number): Promise<MetricsEndpoint> {
  const server = createServer((request, response) => {
    if (request.url === '/metrics') exporter.getMetricsRequestHandler(request, response);
    else response.writeHead(404, { 'content-type': 'text/plain' }).end('metrics are at /metrics\n');
  });
  await new Promise<void>((resolve, reject) => {
    const refuse = (cause: Error) =>
      reject(
        new Fault('UNAVAILABLE', `cannot serve metrics on ${host}:${port}: ${cause.message}`, { cause }),
      );
    server.once('error', refuse).listen(port, host, () => resolve());
  });
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { port: (server.address() as AddressInfo).port, stop };
}

/**
 * In seconds; none is whole, as 1 and 1.0 are two labels to Prometheus, and which one it keeps depends on its version.
 * Bounds of counts are whole by nature: ask for quantiles there, not for a bound by its label.
 */
const LATENCY_BOUNDS_S = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.999, 2.5, 4.999, 9.999,
];

/** How long things took: to be told in seconds, and fine enough for what takes from half a millisecond to 10 s. */
export function latencyHistogram(meter: Meter, name: string, description: string): Histogram {
  return meter.createHistogram(name, {
    unit: 's',
    description,
    advice: { explicitBucketBoundaries: LATENCY_BOUNDS_S },
  });
}

function observeProcess(meter: Meter): void {
  const observe = (name: string, unit: string, description: string, read: () => number) =>
    meter.createObservableGauge(name, { unit, description }).addCallback((result) => result.observe(read()));
  observe('process.memory.usage', 'By', 'Resident memory.', () => process.memoryUsage.rss());
  observe(
    'v8js.memory.heap.used',
    'By',
    'Memory of live and dead objects.',
    () => process.memoryUsage().heapUsed,
  );

  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  observe('nodejs.eventloop.delay.max', 's', 'Longest delay since the last scrape.', () => {
    const maxS = delay.max / 1e9;
    delay.reset();
    return maxS;
  });
  let before = performance.eventLoopUtilization();
  observe('nodejs.eventloop.utilization', '1', 'Busy share of the time since the last scrape.', () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization;
  });
  meter
    .createObservableCounter('process.cpu.time', { unit: 's', description: 'CPU time, user and system.' })
    .addCallback((result) => {
      const { user, system } = process.cpuUsage();
      result.observe(user / 1e6, { 'cpu.mode': 'user' });
      result.observe(system / 1e6, { 'cpu.mode': 'system' });
    });
}
