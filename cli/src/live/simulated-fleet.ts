import type { Client } from '@odograph/client';
import type { Sendable } from '@odograph/client/batch';
import { pause } from '@odograph/kernel/clock';
import { isFault } from '@odograph/kernel/fault';
import type { LastReported } from '@odograph/sources/fleet/city/city-options';
import { cityProfiles, type Profile } from '@odograph/sources/fleet/city/profile';
import { createFleet, type Fleet } from '@odograph/sources/fleet/fleet';

const VEHICLES = 50;
const ASK_AGAIN_MS = 500;
const ADVANCE_EVERY_MS = 250;
const CONNECT_WITHIN_MS = 60_000;

/** The vehicles of the simulated fleet. */
export function fleetProfiles(seed: number): readonly Profile[] {
  return cityProfiles(seed, VEHICLES);
}

/** The simulated fleet, which goes on where it was. Waits until history answers; undefined if the signal is aborted first. */
export async function resumeFleet(
  client: Client,
  seed: number,
  signal: AbortSignal,
): Promise<Fleet | undefined> {
  const profiles = fleetProfiles(seed);
  while (!signal.aborted) {
    const last = await lastReports(client, profiles, signal);
    if (last) return createFleet({ movement: 'city', seed, vehicles: VEHICLES, startMs: Date.now(), last });
    await pause(ASK_AGAIN_MS, signal);
  }
  return undefined;
}

/** By vehicle; undefined if history does not answer. */
async function lastReports(
  client: Client,
  vehicles: readonly { readonly vehicleId: string }[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, LastReported> | undefined> {
  try {
    const last = await Promise.all(vehicles.map(({ vehicleId }) => lastReport(client, vehicleId, signal)));
    return new Map(last.flat());
  } catch (error) {
    if (signal.aborted || isFault(error, 'UNAVAILABLE', 'DEADLINE', 'OVERLOADED')) return undefined;
    throw error;
  }
}

async function lastReport(
  client: Client,
  vehicleId: string,
  signal: AbortSignal,
): Promise<[string, LastReported][]> {
  try {
    const { status } = await client.status(vehicleId, { signal });
    return status.signals ? [[vehicleId, status.signals]] : [];
  } catch (error) {
    if (isFault(error, 'NOT_FOUND')) return [];
    throw error;
  }
}

/** Lets the fleet report in real time until the signal, also after a long outage. */
export async function feedFleet(client: Client, fleet: Fleet, signal: AbortSignal): Promise<void> {
  const options = { connectWithinMs: CONNECT_WITHIN_MS, giveUpAfterMs: Number.POSITIVE_INFINITY, signal };
  try {
    for await (const _ of client.send(realTime(fleet, signal), options));
  } catch (error) {
    if (!signal.aborted || !isFault(error, 'CANCELLED')) throw error;
  }
}

async function* realTime(fleet: Fleet, signal: AbortSignal): AsyncGenerator<Sendable> {
  while (!signal.aborted) {
    for (const { report } of fleet.advance(Date.now())) yield { report };
    await pause(ADVANCE_EVERY_MS, signal);
  }
}
