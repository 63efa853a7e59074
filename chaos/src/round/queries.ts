import type { Client } from '@odograph/client';
import type { VehicleStatus } from '@odograph/client/generated/odograph/history/v1/vehicle_history';
import { pause } from '@odograph/kernel/clock';
import { isFault } from '@odograph/kernel/fault';
import { formatPosition, type Position } from '@odograph/kernel/position';
import type { Random } from '@odograph/kernel/random';
import type { FleetReport } from '@odograph/sources/fleet/fleet-report';
import type { Ledger } from '@odograph/testing/ledger';
import { connectCache, latestOf } from '../client/cache.ts';
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
  /** The endpoints of the replicas. */
  readonly histories: readonly string[];
  readonly caches: readonly string[];
  readonly ledger: Ledger;
  readonly random: Random;
}

/** An answer waits until the log reaches the position, so several queries are in flight. */
const AT_ONCE = 4;
const EVERY_MS = 15;
const DEADLINE_MS = 2_000;

export function startQueries({ histories, caches, ledger, random }: QueriesDeps): Queries {
  const clients = histories.map(connectHistory);
  const cacheClients = caches.map(connectCache);
  const stopping = new AbortController();
  let newest: FleetReport | undefined;
  let answered = 0;
  const wrong: string[] = [];

  async function query(report: FleetReport, position: Position): Promise<void> {
    const isOfCache = caches.length > 0 && random.chance(0.5);
    const asked = isOfCache ? cacheClients : clients;
    const client = asked[random.index(asked.length)] as Client;
    const ofHistory = random.chance(0.5) ? missingInStatus : missingInSamples;
    const missing = await answerOf((isOfCache ? missingInCache : ofHistory)(client, report, position));
    if (missing === undefined || stopping.signal.aborted) return;
    answered += 1;
    if (missing !== '') wrong.push(`${report.identity} at ${formatPosition(position)}: ${missing}`);
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
      for (const client of [...clients, ...cacheClients]) client.close();
      return violationsOf('a query at the position of an acknowledgement finds the report', wrong);
    },
  };
}

/** What an answer at a position lacks of a report; empty if it lacks nothing. Throws a Fault without an answer. */
type FindMissing = (client: Client, report: FleetReport, position: Position) => Promise<string>;

/** A status has only the newest values, so a later report hides that one is missing. */
const missingInStatus: FindMissing = async (client, { report, vehicleId }, atLeast) => {
  const status = await statusOf(client, vehicleId, { atLeast, deadlineMs: DEADLINE_MS });
  return missingIn(status, report);
};

const missingInCache: FindMissing = async (client, { report, vehicleId }, atLeast) => {
  const status = await latestOf(client, vehicleId, { atLeast, deadlineMs: DEADLINE_MS });
  return missingIn(status, report);
};

function missingIn(status: VehicleStatus | undefined, report: FleetReport['report']): string {
  const shown = status?.signals?.odometerKm ?? 0;
  const least = report.samples[0]?.signals?.odometerKm ?? 0;
  return shown >= least ? '' : `the status shows ${shown} km, expected at least ${least} km`;
}

const missingInSamples: FindMissing = async (client, { report, vehicleId }, atLeast) => {
  const fromMs = report.samples[0]?.observedAtMs ?? 0;
  const range = { fromMs, toMs: fromMs + 1, atLeast, deadlineMs: DEADLINE_MS };
  const found = await Array.fromAsync(client.samples(vehicleId, range));
  const isFound = found.some(({ reportId }) => reportId === report.reportId);
  return isFound ? '' : `its sample of ${fromMs} is not among the ${found.length} of that time`;
};

/** Undefined without an answer, which breaks no rule. */
async function answerOf(finding: Promise<string>): Promise<string | undefined> {
  try {
    return await finding;
  } catch (error) {
    if (!isFault(error)) throw error;
    return undefined;
  }
}
