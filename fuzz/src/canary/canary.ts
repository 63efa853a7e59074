import { connect } from 'node:http2';
import { type Client, createClient } from '@odograph/client';
import type { Connection } from '@odograph/client/connection';
import { faultFromRpcStatus } from '@odograph/client/rpc-status';
import { encodeReport } from '@odograph/client/wire';
import { pause } from '@odograph/kernel/clock';
import { Fault, isFault } from '@odograph/kernel/fault';
import { formatPosition, type Position } from '@odograph/kernel/position';
import { call, frameMessage } from '../wire/call.ts';

/** `host:port` of each. */
export interface CanaryTarget {
  readonly ingest: string;
  readonly history: string;
  readonly metrics: readonly string[];
}

/** One request of the canary, and how it went. */
export interface Operation {
  readonly name: string;
  /** On a clock that all operations share. */
  readonly endedAtMs: number;
  readonly tookMs: number;
  /** What the machine withheld in that time; see `measureLag`. */
  readonly lagMs: number;
  /** Why it failed. */
  readonly failure?: string;
  /** Why it was refused, if the refusal says when to try again: that is what a limit answers, and not a failure. */
  readonly refusal?: string;
}

export const CANARY_VEHICLE = 'canary';
const OFTEN_MS = 100;
const SELDOM_MS = 500;
/** The end of each wait. */
const DEADLINE_MS = 10_000;
const PAGE = { pageSize: 50, deadlineMs: DEADLINE_MS };

/** A client that behaves well, beside the hostile ones: it reports, asks and follows the log until it is stopped. */
export class Canary {
  /** What has ended; the reader removes it. */
  readonly operations: Operation[] = [];
  /** Where each acknowledged report is in the log. */
  readonly acknowledged: Record<string, string> = {};
  readonly #client: Client;
  readonly #measureLag: () => () => number;
  /** No operation begins any more. */
  readonly #stopping = new AbortController();
  /** Nothing is under way any more. */
  readonly #ending = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  readonly #seen = new Map<string, PromiseWithResolvers<void>>();
  readonly #loops: readonly Promise<void>[];
  readonly #following: Promise<void>;
  #connection: Connection | undefined;
  #reports = 0;

  constructor({ ingest, history, metrics }: CanaryTarget, measureLag: () => () => number) {
    this.#client = createClient({ ingest, history, maxAttempts: 1 });
    this.#measureLag = measureLag;
    const often = (work: () => Promise<unknown>) => this.#every(OFTEN_MS, work);
    const seldom = (name: string, work: () => Promise<unknown>) =>
      this.#every(SELDOM_MS, () => this.#measure(name, work));
    this.#loops = [
      often(() => this.#report()),
      often(() => this.#sendBatch()),
      seldom('ListStatus', () => this.#client.statusPage(PAGE)),
      seldom('VehicleRegistry.List', () => this.#client.vehiclePage(PAGE)),
      seldom('ListSamples', () => this.#client.samplePage(CANARY_VEHICLE, PAGE)),
      ...[ingest, history].map((endpoint) => seldom('health', () => checkHealth(endpoint))),
      ...metrics.map((endpoint) => seldom('/metrics', () => scrape(endpoint))),
    ];
    this.#following = this.#follow();
  }

  /** Resolves when each operation that is under way now has ended. */
  async settle(): Promise<void> {
    await Promise.all(this.#running);
  }

  /** Resolves when each operation has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#loops);
    this.#ending.abort();
    await this.#following;
  }

  async #every(ms: number, work: () => Promise<unknown>): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await work();
      await pause(ms, this.#stopping.signal);
    }
  }

  /** The result of the work; undefined if it failed. */
  async #measure<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    const [startedAtMs, lagMs] = [performance.now(), this.#measureLag()];
    const end = (why: Pick<Operation, 'failure' | 'refusal'> = {}) => {
      const endedAtMs = performance.now();
      this.operations.push({ name, endedAtMs, tookMs: endedAtMs - startedAtMs, lagMs: lagMs(), ...why });
    };
    const operation = work().then(
      (result) => {
        end();
        return result;
      },
      (error: unknown) => {
        end(whyNot(error));
        return undefined;
      },
    );
    this.#running.add(operation);
    return await operation.finally(() => this.#running.delete(operation));
  }

  async #report(): Promise<void> {
    const { reportId, bytes } = this.#nextReport();
    const atLeast = await this.#measure('Report', async () => {
      const [result] = await this.#client.report([bytes], { deadlineMs: DEADLINE_MS });
      return this.#acknowledge(reportId, result?.position);
    });
    if (!atLeast) return;
    await Promise.all([
      this.#measure('GetStatus with at_least', () =>
        this.#client.status(CANARY_VEHICLE, { atLeast, deadlineMs: DEADLINE_MS }),
      ),
      this.#measure('Subscribe', () => withinDeadline(this.#sighting(reportId).promise, reportId)),
    ]);
    this.#seen.delete(reportId);
  }

  async #sendBatch(): Promise<void> {
    await this.#measure('Connect', async () => {
      if (!this.#connection || this.#connection.hasEnded)
        this.#connection = await this.#client.connect({ signal: this.#ending.signal });
      const { reportId, bytes } = this.#nextReport();
      const { results, refused } = await withinDeadline(this.#connection.send([bytes]), reportId);
      if (refused) throw faultFromRpcStatus(refused);
      return this.#acknowledge(reportId, results[0]?.position);
    });
  }

  #nextReport(): { readonly reportId: string; readonly bytes: Uint8Array } {
    this.#reports += 1;
    const [vehicleId, reportId] = [CANARY_VEHICLE, `canary-${this.#reports}`];
    const signals = { speedKmh: this.#reports % 100 };
    const samples = [{ observedAtMs: Date.now(), signals, clockText: undefined }];
    return { reportId, bytes: encodeReport({ vehicleId, reportId, samples, vin: undefined }) };
  }

  #acknowledge(reportId: string, position: Position | undefined): Position {
    if (!position) throw new Fault('UNAVAILABLE', `report ${reportId} was not stored`);
    this.acknowledged[reportId] = formatPosition(position);
    return position;
  }

  /** Follows the log, also after disconnects; that it ends is a failure. */
  async #follow(): Promise<void> {
    const { signal } = this.#ending;
    try {
      for await (const { event } of this.#client.events({ subject: CANARY_VEHICLE, signal }))
        this.#sighting(event.reportId).resolve();
    } catch (error) {
      if (signal.aborted) return;
      const at = { endedAtMs: performance.now(), tookMs: 0, lagMs: 0 };
      this.operations.push({ name: 'Subscribe', ...at, failure: String(error) });
    }
  }

  /** Resolves when the event of a report was seen in the log. */
  #sighting(reportId: string): PromiseWithResolvers<void> {
    const entry = this.#seen.get(reportId) ?? Promise.withResolvers<void>();
    this.#seen.set(reportId, entry);
    return entry;
  }
}

/** Why an operation did not succeed, by the error that it ended with. */
export function whyNot(error: unknown): Pick<Operation, 'failure' | 'refusal'> {
  if (!isFault(error)) return { failure: String(error) };
  const why = `${error.code}: ${error.message}`;
  return error.code === 'OVERLOADED' && error.retryAfterMs !== undefined
    ? { refusal: why }
    : { failure: why };
}

async function withinDeadline<T>(work: Promise<T>, reportId: string): Promise<T> {
  const ended = new AbortController();
  const late = pause(DEADLINE_MS, ended.signal).then(() => {
    throw new Fault('DEADLINE', `nothing was heard of ${reportId} within ${DEADLINE_MS} ms`);
  });
  return await Promise.race([work, late]).finally(() => ended.abort());
}

/** Health over a connection of its own: also new connections must be taken. */
async function checkHealth(endpoint: string): Promise<void> {
  const session = connect(`http://${endpoint}`);
  session.on('error', () => undefined);
  const path = '/grpc.health.v1.Health/Check';
  const bytes = frameMessage(Buffer.alloc(0));
  const { status, end } = await call(session, { path, bytes, deadlineMs: DEADLINE_MS });
  session.destroy();
  if (status !== 0) throw new Fault('UNAVAILABLE', `health of ${endpoint}: ${end}, status ${status}`);
}

async function scrape(endpoint: string): Promise<void> {
  const answer = await fetch(`http://${endpoint}/metrics`, { signal: AbortSignal.timeout(DEADLINE_MS) });
  await answer.text();
  if (!answer.ok) throw new Fault('UNAVAILABLE', `${endpoint}/metrics answers ${answer.status}`);
}
