import type { Client } from '@odograph/client';
import { pause } from '@odograph/kernel/clock';
import { isFault } from '@odograph/kernel/fault';
import { formatPosition, type Position } from '@odograph/kernel/position';
import type { Random } from '@odograph/kernel/random';
import type { FleetReport } from '@odograph/sources/fleet/fleet-report';
import type { Ledger } from '@odograph/testing/ledger';
import { connectHistory, statusOf } from '../client/history.ts';
import { type Violation, violationsOf } from '../verdict/violation.ts';

/** Senders that query what they have just reported, at the position of the acknowledgement, on any replica. */
export interface Queries {
  onAcknowledged(reports: readonly FleetReport[]): void;
  /** Sends no more queries and ignores those in flight. */
  abort(): void;
  answered(): number;
  stop(): Promise<readonly Violation[]>;
}

interface QueriesDeps {
  /** Of the replicas. */
  readonly endpoints: readonly string[];
  readonly ledger: Ledger;
  readonly random: Random;
}

/** An answer waits until the log reaches the position, so several queries are in flight. */
const AT_ONCE = 4;
const EVERY_MS = 15;
const DEADLINE_MS = 2_000;

export function startQueries({ endpoints, ledger, random }: QueriesDeps): Queries {
  const clients = endpoints.map(connectHistory);
  const stopping = new AbortController();
  let newest: FleetReport | undefined;
  let answered = 0;
  const wrong: string[] = [];

  /** A query without an answer breaks no rule. */
  async function query(report: FleetReport, position: Position): Promise<void> {
    const client = clients[random.index(clients.length)] as Client;
    const shown = await odometerOf(client, report.vehicleId, position);
    if (shown === undefined || stopping.signal.aborted) return;
    answered += 1;
    const least = report.report.samples[0]?.signals?.odometerKm ?? 0;
    if (shown >= least) return;
    const at = formatPosition(position);
    wrong.push(`${report.identity} at ${at} shows ${shown} km, expected at least ${least} km`);
  }

  async function queryInTurn(): Promise<void> {
    while (!stopping.signal.aborted) {
      const report = newest;
      newest = undefined;
      const position = report && ledger.positionOf(report);
      if (report && position) await query(report, position);
      await pause(EVERY_MS, stopping.signal);
    }
  }

  const querying = Promise.all(Array.from({ length: AT_ONCE }, queryInTurn));
  return {
    onAcknowledged(reports) {
      newest = reports.findLast(({ kind }) => kind === 'plain') ?? newest;
    },
    abort: () => stopping.abort(),
    answered: () => answered,
    async stop() {
      stopping.abort();
      await querying;
      for (const client of clients) client.close();
      return violationsOf('a query at the position of an acknowledgement finds the report', wrong);
    },
  };
}

/** The odometer in a vehicle's status at a position; 0 if the vehicle is not known, undefined without an answer. */
async function odometerOf(client: Client, vehicleId: string, atLeast: Position): Promise<number | undefined> {
  try {
    const status = await statusOf(client, vehicleId, { atLeast, deadlineMs: DEADLINE_MS });
    return status?.signals?.odometerKm ?? 0;
  } catch (error) {
    if (!isFault(error)) throw error;
    return undefined;
  }
}
