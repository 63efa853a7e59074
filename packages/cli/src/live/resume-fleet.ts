import { VehicleHistoryClient } from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { isFault } from '@odograph/kernel/fault';
import { callUnary, createGrpcClient } from '@odograph/platform/grpc-client';
import { createFleet, type Fleet } from '@odograph/telemetry-ingest/sources/simulated/fleet';

const VEHICLES = 50;

/** The simulated fleet as from now, its odometers going on where those of an earlier run ended. */
export async function resumeFleet(historyEndpoint: string, seed: number): Promise<Fleet> {
  const startMs = Date.now();
  const { profiles } = createFleet({ seed, vehicles: VEHICLES, startMs });
  const client = createGrpcClient(VehicleHistoryClient, historyEndpoint);
  try {
    const last = await Promise.all(profiles.map(({ vehicleId }) => lastOdometer(client, vehicleId)));
    return createFleet({ seed, vehicles: VEHICLES, startMs, odometersKm: new Map(last.flat()) });
  } finally {
    client.close();
  }
}

async function lastOdometer(client: VehicleHistoryClient, vehicleId: string): Promise<[string, number][]> {
  try {
    const { status } = await callUnary(client.getStatus, { vehicleId });
    const odometerKm = status?.signals?.odometerKm;
    return odometerKm === undefined ? [] : [[vehicleId, odometerKm]];
  } catch (error) {
    if (isFault(error, 'NOT_FOUND')) return [];
    throw error;
  }
}
