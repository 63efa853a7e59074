import { type Client, createClient } from '@odograph/client';
import type { VehicleStatus } from '@odograph/client/generated/odograph/history/v1/vehicle_history';
import type { StatusOptions } from '@odograph/client/history';
import { isFault } from '@odograph/kernel/fault';
import { type LoggedEvent, toLoggedEvent } from './logged-event.ts';

const READ_WITHIN_MS = 60_000;

/** A client of one replica of history. It does not retry a call, because a round judges each answer. */
export function connectHistory(endpoint: string): Client {
  return createClient({ history: endpoint, maxAttempts: 1 });
}

/** Undefined if the vehicle is not known. */
export async function statusOf(
  history: Client,
  vehicleId: string,
  options: StatusOptions = {},
): Promise<VehicleStatus | undefined> {
  try {
    return (await history.status(vehicleId, options)).status;
  } catch (error) {
    if (isFault(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
}

/** All events of the log except ticks, partition by partition, each in order. */
export async function readLog(history: Client): Promise<readonly LoggedEvent[]> {
  const events = await Array.fromAsync(history.readLog({ deadlineMs: READ_WITHIN_MS }));
  return events.map(toLoggedEvent);
}
