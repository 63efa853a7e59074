import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { FairShare } from '@odograph/kernel/fair-share';
import type { Counter, Histogram, Meter, ObservableResult, UpDownCounter } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { clientOf } from './grpc/client-address.ts';
import { listenFault } from './listen-fault.ts';

/** The endpoint that Prometheus scrapes. */
interface MetricsEndpoint {
  readonly port: number;
  stop(): Promise<void>;
}

export interface Metrics {
  /** Makes instruments. Never label by vehicle: an instrument keeps 2,000 sets of labels and merges the rest into one. */
  readonly meter: Meter;
  /** Serves `GET /metrics` in the Prometheus text format. */
  serve(options: { readonly host?: string; readonly port?: number }): Promise<MetricsEndpoint>;
}

/** The metrics of a process: those of its parts, and its memory, CPU and event loop. */
export function createMetrics(service: string): Metrics {
  // The exporter's own server takes port 0 for 9464, so it stays off. The target labels contain the command line.
  const exporter = new PrometheusExporter({
    preventServerStart: true,
    withoutScopeInfo: true,
    withoutTargetInfo: true,
  });
  const meter = new MeterProvider({ readers: [exporter] }).getMeter(service);
  measureProcess(meter);
  return { meter, serve: ({ host = '127.0.0.1', port = 0 }) => serve(exporter, host, port) };
}

/** A count that only grows. `unit` is a UCUM unit, for example `By`, or a word in braces, for example `{event}`. */
export function counter(meter: Meter, name: string, unit: string, description: string): Counter {
  return meter.createCounter(name, { unit, description });
}

/** A count that grows and shrinks, for example of open connections. */
export function upDownCounter(meter: Meter, name: string, unit: string, description: string): UpDownCounter {
  return meter.createUpDownCounter(name, { unit, description });
}

/** A value that is read at each scrape. */
export function gauge(
  meter: Meter,
  name: string,
  unit: string,
  description: string,
  read: () => number,
): void {
  labelledGauge(meter, name, unit, description, (result) => result.observe(read()));
}

/** Values with labels that are read at each scrape. */
export function labelledGauge(
  meter: Meter,
  name: string,
  unit: string,
  description: string,
  observe: (result: ObservableResult) => void,
): void {
  meter.createObservableGauge(name, { unit, description }).addCallback(observe);
}

/** How values are distributed over buckets with these upper bounds. */
export function histogram(
  meter: Meter,
  name: string,
  unit: string,
  description: string,
  bounds: readonly number[],
): Histogram {
  return meter.createHistogram(name, {
    unit,
    description,
    advice: { explicitBucketBoundaries: [...bounds] },
  });
}

/**
 * In seconds. No bound is a whole number, because Prometheus takes 1 and 1.0 for two labels and its version decides which
 * one it keeps. Bounds of counts are whole numbers, so query those by quantile, not by bound.
 */
const LATENCY_BOUNDS_S = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.999, 2.5, 4.999, 9.999,
];

/** A histogram of durations. It takes seconds and resolves from half a millisecond to 10 s. */
export function latencyHistogram(meter: Meter, name: string, description: string): Histogram {
  return histogram(meter, name, 's', description, LATENCY_BOUNDS_S);
}

/** Connections for scrapes of one client; four times as many of all clients. */
export const MAX_SCRAPERS = 4;
/** How long a request may take to arrive. */
export const REQUEST_TIMEOUT_MS = 5_000;
/** By default Node looks every 30 s. */
const CHECK_EVERY_MS = 1_000;

async function serve(exporter: PrometheusExporter, host: string, port: number): Promise<MetricsEndpoint> {
  const options = {
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: CHECK_EVERY_MS,
  };
  const server = createServer(options, (request, response) => {
    if (request.url === '/metrics') exporter.getMetricsRequestHandler(request, response);
    else response.writeHead(404, { 'content-type': 'text/plain' }).end('metrics are at /metrics\n');
  });
  // A scrape costs milliseconds, and requests can arrive many at a time.
  server.maxRequestsPerSocket = 1;
  boundClients(server);
  await new Promise<void>((resolve, reject) => {
    const refuse = (cause: Error) => reject(listenFault(`${host}:${port}`, cause, 'ODO_METRICS'));
    server.once('error', refuse).listen(port, host, () => resolve());
  });
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { port: (server.address() as AddressInfo).port, stop };
}

function boundClients(server: Server): void {
  const places = new FairShare<string>(4 * MAX_SCRAPERS, MAX_SCRAPERS);
  server.on('connection', (socket) => {
    const client = clientOf(`${socket.remoteAddress}:0`);
    if (!places.tryTake(client, 1)) return void socket.destroy();
    socket.once('close', () => places.give(client, 1));
  });
}

function measureProcess(meter: Meter): void {
  gauge(meter, 'process.memory.usage', 'By', 'Resident memory.', () => process.memoryUsage.rss());
  const heapUsed = () => process.memoryUsage().heapUsed;
  gauge(meter, 'v8js.memory.heap.used', 'By', 'Memory of live and dead objects.', heapUsed);
  measureEventLoop(meter);
  meter
    .createObservableCounter('process.cpu.time', { unit: 's', description: 'CPU time, user and system.' })
    .addCallback((result) => {
      const { user, system } = process.cpuUsage();
      result.observe(user / 1e6, { 'cpu.mode': 'user' });
      result.observe(system / 1e6, { 'cpu.mode': 'system' });
    });
}

const LOOP_RESOLUTION_MS = 10;

function measureEventLoop(meter: Meter): void {
  const delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  delay.enable();
  gauge(meter, 'nodejs.eventloop.delay.max', 's', 'Longest delay since the last scrape.', () => {
    const maxS = delay.max / 1e9;
    delay.reset();
    return maxS;
  });
  gauge(
    meter,
    'nodejs.eventloop.turn.max',
    's',
    'Longest turn since the last scrape, in CPU.',
    longestTurn(),
  );
  let before = performance.eventLoopUtilization();
  const description = 'Busy share of the time since the last scrape.';
  gauge(meter, 'nodejs.eventloop.utilization', '1', description, () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization;
  });
}

/**
 * Measures turns of the event loop by the CPU of this thread, so that a busy machine or a stopped process does not count.
 * @returns the longest since the last call, in seconds; it may be 10 ms too long, because short turns are measured together.
 */
function longestTurn(): () => number {
  let longestUs = 0;
  let before = process.threadCpuUsage();
  const measure = () => {
    const now = process.threadCpuUsage();
    longestUs = Math.max(longestUs, now.user + now.system - before.user - before.system);
    before = now;
  };
  setInterval(measure, LOOP_RESOLUTION_MS).unref();
  return () => {
    measure();
    const longestS = longestUs / 1e6;
    longestUs = 0;
    return longestS;
  };
}
