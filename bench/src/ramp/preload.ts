import { VehicleHistoryClient } from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { pause } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import type { Position } from '@odograph/kernel/position';
import { callUnary, createGrpcClient } from '@odograph/platform/grpc/client';
import { createFleet, type Fleet } from '@odograph/sources/scripted/fleet';
import { createDoorClient, type DoorConnection } from '@odograph/testing/door-client';
import { sumOf } from './prometheus.ts';
import { scrapeAll } from './scrape.ts';

export interface PreloadOptions {
  /** Of the door. */
  readonly ingest: string;
  readonly histories: readonly string[];
  /** Where the services' metrics are, by name. */
  readonly metrics: Readonly<Record<string, string>>;
  readonly vehicles: number;
  readonly seed: number;
  /** Up to when, Unix time in milliseconds. */
  readonly untilMs: number;
}

const HOURS = 4;
const HOUR_MS = 3_600_000;
const SAMPLES_AN_HOUR = 60;
const CONNECTIONS = 4;
const REPORTS_A_BATCH = 20;
const VISIBLE_WITHIN_MS = 60_000;
const STORED_WITHIN_MS = 120_000;
const LOOK_MS = 500;
/** Of all tails together: what the log itself adds as time goes by, and nothing of the fleet. */
const STORED_BYTES = 65_536;

/** Reports some hours of a fleet, a sample a minute, and resolves once every replica answers with them and they are stored. */
export async function preload(options: PreloadOptions): Promise<void> {
  const { ingest, histories, vehicles, seed, untilMs } = options;
  const startMs = untilMs - (HOURS + 1) * HOUR_MS;
  const fleet = createFleet({ seed, vehicles, startMs, stepMs: HOUR_MS, samplesPerReport: SAMPLES_AN_HOUR });
  const reported = await Promise.all(
    Array.from({ length: CONNECTIONS }, (_, at) => {
      const own = fleet.vehicleIds.flatMap((_, vehicle) => (vehicle % CONNECTIONS === at ? [vehicle] : []));
      return reportHours(ingest, fleet, own);
    }),
  );
  const newest = newestByPartition(reported.flat());
  await Promise.all(histories.map((endpoint) => untilVisible(endpoint, newest)));
  await untilStored(options.metrics);
}

/** All hours of some vehicles, a batch after the other. */
async function reportHours(endpoint: string, fleet: Fleet, vehicles: readonly number[]): Promise<Position[]> {
  const client = createDoorClient(endpoint);
  const connection = await client.connect();
  const positions: Position[] = [];
  for (let hour = 0; hour < HOURS; hour += 1) {
    for (let at = 0; at < vehicles.length; at += REPORTS_A_BATCH) {
      const batch = vehicles.slice(at, at + REPORTS_A_BATCH).map((vehicle) => fleet.next(vehicle).bytes);
      positions.push(...(await reportBatch(connection, batch)));
    }
  }
  await connection.close();
  client.close();
  return positions;
}

async function reportBatch(connection: DoorConnection, batch: readonly Uint8Array[]): Promise<Position[]> {
  const { results, refused } = await connection.send(batch);
  if (refused) throw new Fault('OVERLOADED', `the door refused what was there before: ${refused.message}`);
  return results.flatMap(({ position }) => (position ? [position] : []));
}

function newestByPartition(positions: readonly Position[]): readonly Position[] {
  const newest = new Map<number, Position>();
  for (const position of positions) {
    if (position.sequence >= (newest.get(position.partition)?.sequence ?? 0)) {
      newest.set(position.partition, position);
    }
  }
  return [...newest.values()];
}

async function untilVisible(endpoint: string, positions: readonly Position[]): Promise<void> {
  const client = createGrpcClient(VehicleHistoryClient, endpoint);
  const request = { fleet: '', pageSize: 1, pageToken: '', atLeast: [...positions] };
  await callUnary(client.listStatus, request, { deadlineMs: VISIBLE_WITHIN_MS });
  client.close();
}

/** The flush of hours at once is none of what is measured. */
async function untilStored(metrics: PreloadOptions['metrics']): Promise<void> {
  const deadlineAtMs = performance.now() + STORED_WITHIN_MS;
  while (performance.now() < deadlineAtMs) {
    const said = Object.values(await scrapeAll(metrics)).flat();
    if (sumOf(said, 'odograph_views_tail_size') < STORED_BYTES) return;
    await pause(LOOK_MS);
  }
  throw new Fault('DEADLINE', `what was there before was not stored within ${STORED_WITHIN_MS} ms`);
}
