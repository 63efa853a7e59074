import { connect } from 'node:http2';
import type { Client } from '@odograph/client';
import type { Connection } from '@odograph/client/connection';
import { encodeReport } from '@odograph/client/wire';
import { pause } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import { formatPosition, type Position } from '@odograph/kernel/position';
import type { LagMeter } from '../lag.ts';
import { call } from '../wire/call.ts';
import { createStopwatch, type StopwatchDeps } from './stopwatch.ts';

export interface CanaryTarget {
  /** `host:port` of each. */
  readonly ingest: string;
  readonly history: string;
  readonly metrics: readonly string[];
}

export interface CanaryDeps extends StopwatchDeps {
  readonly target: CanaryTarget;
  readonly client: Client;
}

/** A client that behaves well, beside the hostile ones. */
export interface Canary {
  /** The reports that were acknowledged, and where. */
  readonly acknowledged: ReadonlyMap<string, string>;
  /** Resolves when each operation that is under way now has ended. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

export const CANARY_VEHICLE = 'canary';
const OFTEN_MS = 100;
const SELDOM_MS = 500;
/** The end of each wait. */
const DEADLINE_MS = 10_000;

export function startCanary(deps: CanaryDeps): Canary {
  const { client, target } = deps;
  const acknowledged = new Map<string, string>();
  const seen = new Sightings();
  const stopping = new AbortController();
  const { signal } = stopping;
  const { measure, failed, settle } = createStopwatch(deps, signal);

  async function every(ms: number, work: () => Promise<unknown>): Promise<void> {
    while (!signal.aborted) {
      await work();
      await pause(ms, signal);
    }
  }

  async function report(): Promise<void> {
    const id = nextReportId();
    const position = await measure('Report', async () => {
      const [result] = await client.report([canaryReport(id)], { deadlineMs: DEADLINE_MS });
      return acknowledge(id, result?.position);
    });
    if (!position) return;
    const atLeast = { atLeast: position, deadlineMs: DEADLINE_MS };
    await Promise.all([
      measure('GetStatus with at_least', () => client.status(CANARY_VEHICLE, atLeast)),
      measure('Subscribe', () => seen.of(id)),
    ]);
  }

  function acknowledge(id: string, position: Position | undefined): Position {
    if (!position) throw new Fault('UNAVAILABLE', `report ${id} was not stored`);
    acknowledged.set(id, formatPosition(position));
    return position;
  }

  let connection: Connection | undefined;
  async function sendBatch(): Promise<void> {
    await measure('Connect', async () => {
      if (!connection || connection.hasEnded) connection = await client.connect({ signal });
      const id = nextReportId();
      const { results } = await withinDeadline(connection.send([canaryReport(id)]), 'Connect');
      return acknowledge(id, results[0]?.position);
    });
  }

  const atPage = { pageSize: 50, deadlineMs: DEADLINE_MS };
  const loops = [
    every(OFTEN_MS, report),
    every(OFTEN_MS, sendBatch),
    every(SELDOM_MS, () => measure('ListStatus', () => client.statusPage(atPage))),
    every(SELDOM_MS, () => measure('VehicleRegistry.List', () => client.vehiclePage(atPage))),
    every(SELDOM_MS, () => measure('ListSamples', () => client.samplePage(CANARY_VEHICLE, atPage))),
    ...[target.ingest, target.history].map((endpoint) =>
      every(SELDOM_MS, () => measure('health', () => checkHealth(endpoint, deps.lag))),
    ),
    ...target.metrics.map((endpoint) =>
      every(2 * SELDOM_MS, () => measure('/metrics', () => scrape(endpoint))),
    ),
    seen.follow(client, signal).catch(failed('Subscribe')),
  ];
  return {
    acknowledged,
    settle,
    async stop() {
      stopping.abort();
      connection?.cancel();
      await Promise.all(loops);
    },
  };
}

async function withinDeadline<T>(work: Promise<T>, what: string): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = () => reject(new Fault('DEADLINE', `${what} had no answer within ${DEADLINE_MS} ms`));
  const timer = setTimeout(late, DEADLINE_MS);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

let lastReport = 0;
const nextReportId = () => {
  lastReport += 1;
  return `canary-${lastReport}`;
};

function canaryReport(reportId: string): Uint8Array {
  const signals = { speedKmh: lastReport % 100 };
  const samples = [{ observedAtMs: Date.now(), signals, clockText: undefined }];
  return encodeReport({ vehicleId: CANARY_VEHICLE, reportId, samples, vin: undefined });
}

/** Health over a connection of its own: also new connections must be taken. */
async function checkHealth(endpoint: string, lag: LagMeter): Promise<void> {
  const session = connect(`http://${endpoint}`);
  session.on('error', () => undefined);
  const path = '/grpc.health.v1.Health/Check';
  const { status, end } = await call(session, lag, { path, bytes: Buffer.alloc(5), deadlineMs: DEADLINE_MS });
  session.destroy();
  if (status !== 0) throw new Fault('UNAVAILABLE', `health of ${endpoint}: ${end}, status ${status}`);
}

async function scrape(endpoint: string): Promise<void> {
  const answer = await fetch(`http://${endpoint}/metrics`, { signal: AbortSignal.timeout(DEADLINE_MS) });
  await answer.text();
  if (!answer.ok) throw new Fault('UNAVAILABLE', `${endpoint}/metrics answers ${answer.status}`);
}

/** The reports that a subscriber of the log has seen. */
class Sightings {
  readonly #seen = new Map<string, PromiseWithResolvers<void>>();

  async of(id: string): Promise<void> {
    await withinDeadline(this.#entry(id).promise, `the event of ${id}`);
    this.#seen.delete(id);
  }

  async follow(client: Client, signal: AbortSignal): Promise<void> {
    const events = client.events({ subject: CANARY_VEHICLE, signal });
    for await (const { event } of events) this.#entry(event.reportId).resolve();
  }

  #entry(id: string): PromiseWithResolvers<void> {
    const entry = this.#seen.get(id) ?? Promise.withResolvers<void>();
    this.#seen.set(id, entry);
    return entry;
  }
}
