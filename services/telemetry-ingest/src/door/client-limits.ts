import type { Clock } from '@odograph/kernel/clock';
import { FairShare } from '@odograph/kernel/fair-share';
import type { Fault } from '@odograph/kernel/fault';
import { LimitFault } from '@odograph/kernel/limit-fault';
import { createTokenBuckets } from '@odograph/platform/token-bucket';
import type { DoorMetrics } from './metrics.ts';
import { RECENT_MS, RecentWindows } from './recent-windows.ts';
import type { SplitReports } from './split-message.ts';

/** What one client may send, and what the batches of all clients may hold. */
export interface ClientQuota {
  readonly maxConnections: number;
  /** A client may send a share of them at once, {@link BURST_SHARE}. A larger message is admitted first, and then waited for. */
  readonly reportsPerSecond: number;
  /** How many windows of time the reports of a client may spread over in a second, beyond {@link FREE_WINDOWS} each. */
  readonly windowsPerSecond: number;
  /** How many windows of vehicles, which had no report lately, a client may report for in a second; see {@link SAMPLES_PER_VEHICLE}. */
  readonly vehiclesPerSecond: number;
  /** Memory for batches in work, of all clients. A client may hold as much as is free: alone half. */
  readonly maxWorkBytes: number;
}

export interface ClientLimits {
  /** Throws a Fault OVERLOADED with the time to wait if the client sends more reports than its rate. */
  admitReports(client: string, reports: readonly Uint8Array[]): void;
  /** Why what history would have to store of a report is refused now: a Fault OVERLOADED; undefined if it is admitted. */
  storingFault(client: string, stored: Stored): Fault | undefined;
  /** Throws a Fault OVERLOADED if too much is in work. Dispose of the result when the results of the batch are sent. */
  holdBatch(client: string, batch: Pick<SplitReports, 'reports' | 'bytes'>): Disposable;
  /** Throws a Fault OVERLOADED if the client has too many connections. Dispose of the result when the connection ends. */
  openConnection(client: string): Disposable;
}

/** What history stores of a report. */
interface Stored {
  readonly vehicle: string;
  readonly samples: number;
  /** The windows of time of its samples. */
  readonly windows: readonly number[];
}

interface ClientLimitsDeps {
  readonly quota: ClientQuota;
  readonly clock: Clock;
  readonly metrics: Pick<DoorMetrics, 'connectionOpened' | 'connectionClosed' | 'refused'>;
}

/** A report counts as one for each of these bytes that it begins. Most reports have less. */
export const BYTES_PER_REPORT = 1024;

/**
 * The share of the reports of a second that a client may send at once. Those of others wait behind them in the log until
 * history has folded them. By default it is two of the largest messages, so that one gets through beside small ones.
 */
export const BURST_SHARE = 1 / 2;

/** Windows of two hours over which a report may spread, as after a night without a connection, at the cost of as many vehicles. */
export const FREE_WINDOWS = 8;

/**
 * For the vehicles of how many seconds a client may begin to report at once. History stores a few thousand vehicles a second
 * on two cores, what waits for that is in its memory, and storing slows down the answers to others.
 */
export const VEHICLES_BURST_S = 15;

/** History stores about two of them on two cores. A thousand smaller ones are remembered beside them. */
const CLIENTS_AT_THEIR_LIMIT = 5;

/** To store this number of samples takes history about as long as a vehicle. */
export const SAMPLES_PER_VEHICLE = 50;

/** What the objects of a report take while it is in work, its events and its result: measured on 5,000 reports. */
const REPORT_OVERHEAD_BYTES = 640;

/** When to try again to connect. It is a guess: a connection can end at any time. */
const CONNECTION_RETRY_MS = 5_000;

/** When to try again at the soonest to report for a vehicle. One would be admitted sooner, but usually many are refused. */
const VEHICLES_RETRY_MS = 1_000;

/** When to send a batch again for which there is no memory. It is a guess: a batch usually takes some milliseconds. */
const WORK_RETRY_MS = 1_000;

export function createClientLimits({ quota, clock, metrics }: ClientLimitsDeps): ClientLimits {
  const { reportsPerSecond, windowsPerSecond, vehiclesPerSecond } = quota;
  const burst = reportsPerSecond * BURST_SHARE;
  const reportTokens = createTokenBuckets({ ratePerSecond: reportsPerSecond, burst, clock });
  const windowTokens = createTokenBuckets({
    ratePerSecond: windowsPerSecond,
    burst: windowsPerSecond,
    clock,
  });
  const vehicleBurst = vehiclesPerSecond * VEHICLES_BURST_S;
  const vehicleTokens = createTokenBuckets({ ratePerSecond: vehiclesPerSecond, burst: vehicleBurst, clock });
  const ofOneClient = vehicleBurst + (vehiclesPerSecond * RECENT_MS) / 1_000;
  const recent = new RecentWindows(clock, CLIENTS_AT_THEIR_LIMIT * ofOneClient);
  const work = new FairShare<string>(quota.maxWorkBytes);
  const connections = new Map<string, number>();

  function count(client: string, change: 1 | -1): void {
    const open = (connections.get(client) ?? 0) + change;
    if (open > 0) connections.set(client, open);
    else connections.delete(client);
  }

  function refused(fault: Fault): Fault {
    metrics.refused(fault);
    return fault;
  }

  return {
    admitReports(client, reports) {
      const cost = costOf(reports);
      const retryAfterMs = reportTokens.tryTake(client, cost);
      if (retryAfterMs > 0) throw tooFast(quota, { cost, count: reports.length, retryAfterMs });
    },
    storingFault(client, { vehicle, samples, windows }) {
      const begun = recent.newOf(client, vehicle, windows);
      const vehicles = begun.length + samples / SAMPLES_PER_VEHICLE;
      const beyond = windows.length - FREE_WINDOWS;
      // A report that one of the two refuses does not pay for the other.
      const windowsAfterMs = beyond > 0 ? windowTokens.waitMs(client, beyond) : 0;
      if (windowsAfterMs > 0) return tooSpread(quota, windows.length, windowsAfterMs);
      const vehiclesAfterMs = vehicleTokens.tryTake(client, vehicles);
      if (vehiclesAfterMs > 0) return tooManyVehicles(quota, vehiclesAfterMs);
      if (beyond > 0) windowTokens.tryTake(client, beyond);
      if (begun.length > 0) recent.add(client, vehicle, begun);
      return undefined;
    },
    holdBatch(client, { reports, bytes }) {
      const held = bytes + REPORT_OVERHEAD_BYTES * reports.length;
      if (!work.tryTake(client, held)) throw refused(tooMuchWork(work, client));
      return { [Symbol.dispose]: () => work.give(client, held) };
    },
    openConnection(client) {
      if ((connections.get(client) ?? 0) >= quota.maxConnections) throw refused(tooManyConnections(quota));
      count(client, 1);
      metrics.connectionOpened();
      return {
        [Symbol.dispose]() {
          count(client, -1);
          metrics.connectionClosed();
        },
      };
    },
  };
}

/** How many reports a batch counts as. */
export function costOf(reports: readonly Uint8Array[]): number {
  return reports.reduce((sum, { length }) => sum + Math.max(1, Math.ceil(length / BYTES_PER_REPORT)), 0);
}

interface TooFast {
  readonly cost: number;
  readonly count: number;
  readonly retryAfterMs: number;
}

function tooFast({ reportsPerSecond }: ClientQuota, { cost, count, retryAfterMs }: TooFast): LimitFault {
  const limit = `${reportsPerSecond} reports/s a client`;
  const bySize = `, and a report counts as one for each ${BYTES_PER_REPORT} bytes, so these ${count} as ${cost}`;
  const message = `more than ${limit}${cost > count ? bySize : ''}: wait ${retryAfterMs} ms`;
  return new LimitFault('client_reports_per_second', 'OVERLOADED', message, { limit, retryAfterMs });
}

function tooSpread({ windowsPerSecond }: ClientQuota, windows: number, retryAfterMs: number): LimitFault {
  const limit = `${windowsPerSecond} windows/s a client`;
  const rule = `beyond ${FREE_WINDOWS} a report, a client may send ${windowsPerSecond} a second`;
  const message = `samples in ${windows} windows of two hours: ${rule}: wait ${retryAfterMs} ms, or split the report`;
  return new LimitFault('client_windows_per_second', 'OVERLOADED', message, { limit, retryAfterMs });
}

function tooManyVehicles({ vehiclesPerSecond }: ClientQuota, afterMs: number): LimitFault {
  const retryAfterMs = Math.max(VEHICLES_RETRY_MS, afterMs);
  const limit = `${vehiclesPerSecond} vehicles/s a client`;
  const rule = `each counts again after ${RECENT_MS / 1_000} s and in each window of two hours, and ${SAMPLES_PER_VEHICLE} samples as one more`;
  const message = `more than ${limit}; ${rule}: wait ${retryAfterMs} ms`;
  return new LimitFault('client_vehicles_per_second', 'OVERLOADED', message, { limit, retryAfterMs });
}

function tooMuchWork(work: FairShare<string>, client: string): LimitFault {
  const limit = `${work.max} bytes of batches in work`;
  const found = `batches in work hold ${work.total} bytes, of which this client has ${work.heldBy(client)}`;
  const message = `${found}, at most ${work.max}, and a client as much as is free: send less at a time, wait ${WORK_RETRY_MS} ms`;
  return new LimitFault('work_bytes', 'OVERLOADED', message, { limit, retryAfterMs: WORK_RETRY_MS });
}

function tooManyConnections({ maxConnections }: ClientQuota): LimitFault {
  const limit = `${maxConnections} connections a client`;
  const message = `more than ${limit}: close one, or send the batches of several vehicles on one`;
  const retryAfterMs = CONNECTION_RETRY_MS;
  return new LimitFault('client_connections', 'OVERLOADED', message, { limit, retryAfterMs });
}
