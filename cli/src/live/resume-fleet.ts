import { VehicleHistoryClient } from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { pause } from '@odograph/kernel/clock';
import { isFault } from '@odograph/kernel/fault';
import { callUnary, createGrpcClient } from '@odograph/platform/grpc/client';
import { createFleet, type Fleet } from '@odograph/sources/simulated/fleet';

const VEHICLES = 50;
const ASK_AGAIN_MS = 500;

/**
 * The simulated fleet as from now, its odometers going on where those of an earlier run ended. Waits for history
 * however long that is away; undefined where the signal came first.
 */
export async function resumeFleet(
  historyEndpoint: string,
  seed: number,
  signal: AbortSignal,
): Promise<Fleet | undefined> {
  const { profiles } = createFleet({ seed, vehicles: VEHICLES, startMs: 0 });
  const client = createGrpcClient(VehicleHistoryClient, historyEndpoint);
  try {
    while (!signal.aborted) {
      const odometersKm = await lastOdometers(client, profiles);
      if (odometersKm) return createFleet({ seed, vehicles: VEHICLES, startMs: Date.now(), odometersKm });
      await pause(ASK_AGAIN_MS, signal);
    }
    return undefined;
  } finally {
    client.close();
  }
}

/** By vehicle; undefined while history is away. */
async function lastOdometers(
  client: VehicleHistoryClient,
  vehicles: readonly { readonly vehicleId: string }[],
): Promise<ReadonlyMap<string, number> | undefined> {
  try {
    const last = await Promise.all(vehicles.map(({ vehicleId }) => lastOdometer(client, vehicleId)));
    return new Map(last.flat());
  } catch (error) {
    if (isFault(error, 'UNAVAILABLE', 'DEADLINE', 'OVERLOADED')) return undefined;
    throw error;
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
