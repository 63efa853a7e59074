import type { Clock } from '@odograph/kernel/clock';
import { createTokenBuckets } from '@odograph/platform/token-bucket';
import { LimitFault } from './limit-fault.ts';
import type { DoorMetrics } from './metrics.ts';

/** The limits of one client. */
export interface ClientQuota {
  readonly maxConnections: number;
  /** A client may send the reports of one second at once. A larger message is admitted first, and then waited for. */
  readonly reportsPerSecond: number;
}

export interface ClientLimits {
  /** Throws a Fault OVERLOADED with the time to wait if the client sends more reports than its rate. */
  admitReports(client: string, count: number): void;
  /** Throws a Fault OVERLOADED if the client has too many connections. Dispose of the result when the connection ends. */
  openConnection(client: string): Disposable;
}

interface ClientLimitsDeps {
  readonly quota: ClientQuota;
  readonly clock: Clock;
  readonly metrics: Pick<DoorMetrics, 'connectionOpened' | 'connectionClosed' | 'refused'>;
}

/** When to try again to connect. It is a guess: a connection can end at any time. */
const CONNECTION_RETRY_MS = 5_000;

export function createClientLimits({ quota, clock, metrics }: ClientLimitsDeps): ClientLimits {
  const reports = createTokenBuckets({ ratePerSecond: quota.reportsPerSecond, clock });
  const connections = new Map<string, number>();

  function count(client: string, change: 1 | -1): void {
    const open = (connections.get(client) ?? 0) + change;
    if (open > 0) connections.set(client, open);
    else connections.delete(client);
  }

  return {
    admitReports(client, reportCount) {
      const retryAfterMs = reports.tryTake(client, reportCount);
      if (retryAfterMs > 0) throw tooFast(quota, retryAfterMs);
    },
    openConnection(client) {
      if ((connections.get(client) ?? 0) >= quota.maxConnections) {
        const fault = tooManyConnections(quota);
        metrics.refused(fault);
        throw fault;
      }
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

function tooFast({ reportsPerSecond }: ClientQuota, retryAfterMs: number): LimitFault {
  const limit = `${reportsPerSecond} reports/s a client`;
  const message = `more than ${limit}: wait ${retryAfterMs} ms`;
  return new LimitFault('client_reports_per_second', 'OVERLOADED', message, { limit, retryAfterMs });
}

function tooManyConnections({ maxConnections }: ClientQuota): LimitFault {
  const limit = `${maxConnections} connections a client`;
  const message = `more than ${limit}: close one, or send the batches of several vehicles on one`;
  const retryAfterMs = CONNECTION_RETRY_MS;
  return new LimitFault('client_connections', 'OVERLOADED', message, { limit, retryAfterMs });
}
