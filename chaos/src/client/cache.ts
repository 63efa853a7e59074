import { type Client, createClient } from '@odograph/client';
import type { VehicleStatus } from '@odograph/client/generated/odograph/history/v1/vehicle_history';
import type { StatusOptions } from '@odograph/client/history';
import { isFault } from '@odograph/kernel/fault';

/** A client of one replica of the cache. It does not retry a call, because a round judges each answer. */
export function connectCache(endpoint: string): Client {
  return createClient({ cache: endpoint, maxAttempts: 1 });
}

/** Undefined if the vehicle is not known. */
export async function latestOf(
  cache: Client,
  vehicleId: string,
  options: StatusOptions = {},
): Promise<VehicleStatus | undefined> {
  try {
    return (await cache.latestStatus(vehicleId, options)).status;
  } catch (error) {
    if (isFault(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
}
