import type { Clock } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import { createTokenBuckets } from '@odograph/platform/token-bucket';
import type { DoorMetrics } from './metrics.ts';

/** What one client may take of the door. */
export interface ClientQuota {
  readonly maxStreams: number;
  /** It may send a second's worth at once. A larger message passes when nothing was sent before, and is waited off after. */
  readonly reportsPerSecond: number;
}

export interface ClientLimits {
  /** Throws a Fault OVERLOADED, with the time to wait, when the client reports faster than it may. */
  admitReports(client: string, count: number): void;
  /** Throws a Fault OVERLOADED when the client has as many connections as it may. To be disposed of when one ends. */
  openStream(client: string): Disposable;
}

export interface ClientLimitsParts {
  readonly quota: ClientQuota;
  readonly clock: Clock;
  readonly metrics: Pick<DoorMetrics, 'streamOpened' | 'streamClosed' | 'refused'>;
}

/** How long to wait for a place among the connections: nobody knows when one ends. */
const STREAM_RETRY_MS = 5_000;

export function createClientLimits({ quota, clock, metrics }: ClientLimitsParts): ClientLimits {
  const reports = createTokenBuckets({ ratePerSecond: quota.reportsPerSecond, clock });
  const streams = new Map<string, number>();

  function count(client: string, change: 1 | -1): void {
    const open = (streams.get(client) ?? 0) + change;
    if (open > 0) streams.set(client, open);
    else streams.delete(client);
  }

  return {
    admitReports(client, reportCount) {
      const retryAfterMs = reports.tryTake(client, reportCount);
      if (retryAfterMs > 0) throw tooFast(quota, retryAfterMs);
    },
    openStream(client) {
      if ((streams.get(client) ?? 0) >= quota.maxStreams) {
        const fault = tooManyStreams(quota);
        metrics.refused(fault);
        throw fault;
      }
      count(client, 1);
      metrics.streamOpened();
      return {
        [Symbol.dispose]() {
          count(client, -1);
          metrics.streamClosed();
        },
      };
    },
  };
}

function tooFast({ reportsPerSecond }: ClientQuota, retryAfterMs: number): Fault {
  const limit = `${reportsPerSecond} reports/s a client`;
  return new Fault('OVERLOADED', `more than ${limit}: wait ${retryAfterMs} ms`, { limit, retryAfterMs });
}

function tooManyStreams({ maxStreams }: ClientQuota): Fault {
  const limit = `${maxStreams} connections a client`;
  const message = `more than ${limit}: close one, or send the batches of several vehicles on one`;
  return new Fault('OVERLOADED', message, { limit, retryAfterMs: STREAM_RETRY_MS });
}
