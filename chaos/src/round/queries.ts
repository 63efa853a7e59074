import { VehicleHistoryClient } from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { pause } from '@odograph/kernel/clock';
import { isFault } from '@odograph/kernel/fault';
import { formatPosition, type Position } from '@odograph/kernel/position';
import type { Random } from '@odograph/kernel/random';
import { callUnary, createGrpcClient } from '@odograph/platform/grpc/client';
import type { FleetReport } from '@odograph/sources/scripted/fleet';
import type { Ledger } from '@odograph/testing/ledger';
import { type Violation, violationsOf } from '../verdict/violation.ts';

/** Senders who ask for what they have just reported, at the position they were told, on any replica. */
export interface Queries {
  /** Some reports were acknowledged. */
  onAcknowledged(reports: readonly FleetReport[]): void;
  /** Asks no more: positions are not what they were. */
  distrust(): void;
  answered(): number;
  stop(): Promise<readonly Violation[]>;
}

export interface QueriesOptions {
  /** Of the replicas. */
  readonly endpoints: readonly string[];
  readonly ledger: Ledger;
  readonly random: Random;
}

/** An answer waits for the log to come that far: as many are asked for as lie on the way. */
const AT_ONCE = 4;
const EVERY_MS = 15;
const DEADLINE_MS = 2_000;

export function startQueries({ endpoints, ledger, random }: QueriesOptions): Queries {
  const clients = endpoints.map((endpoint) => createGrpcClient(VehicleHistoryClient, endpoint));
  const stopping = new AbortController();
  let newest: FleetReport | undefined;
  let answered = 0;
  const wrong: string[] = [];

  /** An answer that does not come is no wrong answer. */
  async function ask(report: FleetReport, position: Position): Promise<void> {
    const client = clients[random.index(clients.length)] as VehicleHistoryClient;
    const shown = await odometerOf(client, report.vehicleId, position);
    if (shown === undefined || stopping.signal.aborted) return;
    answered += 1;
    const least = report.report.samples[0]?.signals?.odometerKm ?? 0;
    if (shown < least) wrong.push(`${report.identity} at ${formatPosition(position)} shows ${shown} km`);
  }

  async function askOn(): Promise<void> {
    while (!stopping.signal.aborted) {
      const report = newest;
      newest = undefined;
      const position = report && ledger.positionOf(report);
      if (report && position) await ask(report, position);
      await pause(EVERY_MS, stopping.signal);
    }
  }

  const asking = Promise.all(Array.from({ length: AT_ONCE }, askOn));
  return {
    onAcknowledged(reports) {
      newest = reports.findLast(({ kind }) => kind === 'plain') ?? newest;
    },
    distrust: () => stopping.abort(),
    answered: () => answered,
    async stop() {
      stopping.abort();
      await asking;
      for (const client of clients) client.close();
      return violationsOf('who was acknowledged finds the report at the position', wrong);
    },
  };
}

/** What a vehicle's status shows as of a position; 0 where it is not known, undefined where no answer comes. */
async function odometerOf(
  client: VehicleHistoryClient,
  vehicleId: string,
  atLeast: Position,
): Promise<number | undefined> {
  try {
    const { status } = await callUnary(client.getStatus, { vehicleId, atLeast }, { deadlineMs: DEADLINE_MS });
    return status?.signals?.odometerKm ?? 0;
  } catch (error) {
    if (!isFault(error)) throw error;
    return error.code === 'NOT_FOUND' ? 0 : undefined;
  }
}
