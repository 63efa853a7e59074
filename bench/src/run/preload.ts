import type { Position } from '@odograph/kernel/position';
import { createFleet, type Fleet } from '@odograph/sources/fleet/fleet';
import { openTransport } from '../load/transport.ts';
import type { BenchPlatform } from './platform.ts';
import { untilVisible } from './send-all.ts';
import { untilStored } from './until-stored.ts';

interface PreloadOptions {
  readonly vehicles: number;
  readonly seed: number;
  /** Unix time in milliseconds. */
  readonly untilMs: number;
}

const HOURS = 4;
const HOUR_MS = 3_600_000;
const SAMPLES_AN_HOUR = 60;
const CONNECTIONS = 4;
const REPORTS_A_BATCH = 20;

/** Reports some hours of a fleet, a sample a minute. Resolves once every replica has them and they are stored. */
export async function preload(platform: BenchPlatform, options: PreloadOptions): Promise<void> {
  const { vehicles, seed, untilMs } = options;
  const startMs = untilMs - (HOURS + 1) * HOUR_MS;
  const time = { startMs, stepMs: HOUR_MS, samplesPerReport: SAMPLES_AN_HOUR };
  const fleet = createFleet({ movement: 'steps', seed, vehicles, ...time });
  const { ingest, histories } = platform.endpoints;
  const reported = await Promise.all(
    Array.from({ length: CONNECTIONS }, (_, at) => {
      const own = fleet.vehicleIds.flatMap((_, vehicle) => (vehicle % CONNECTIONS === at ? [vehicle] : []));
      return reportHours(ingest, fleet, own);
    }),
  );
  const newest = newestByPartition(reported.flat());
  await Promise.all(histories.map((endpoint) => untilVisible(endpoint, newest)));
  // The flush of several hours must not be part of what is measured.
  await untilStored(platform.metrics);
}

async function reportHours(ingest: string, fleet: Fleet, vehicles: readonly number[]): Promise<Position[]> {
  const transport = openTransport(ingest);
  const connection = await transport.connect();
  const positions: Position[] = [];
  for (let hour = 0; hour < HOURS; hour += 1) {
    for (let at = 0; at < vehicles.length; at += REPORTS_A_BATCH) {
      const batch = vehicles.slice(at, at + REPORTS_A_BATCH).map((vehicle) => fleet.next(vehicle).bytes);
      positions.push(...(await connection.send(batch)));
    }
  }
  await connection.close();
  transport.close();
  return positions;
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
