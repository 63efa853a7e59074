import { isDeepStrictEqual } from 'node:util';
import type { VehicleStatus } from '@odograph/client/generated/odograph/history/v1/vehicle_history';
import { pause } from '@odograph/kernel/clock';
import { isFault } from '@odograph/kernel/fault';
import type { Position } from '@odograph/kernel/position';
import { connectCache } from '../client/cache.ts';
import { connectHistory } from '../client/history.ts';
import { type Violation, violationsOf } from './violation.ts';

/** A cache that was started just now lists all vehicles first. */
const READY_WITHIN_MS = 30_000;
const ASK_AGAIN_MS = 200;

/** Compares all statuses of each cache with those of history, at the end of the log. */
export async function checkCaches(
  historyEndpoint: string,
  caches: readonly string[],
  heads: readonly Position[],
): Promise<readonly Violation[]> {
  if (caches.length === 0) return [];
  using history = connectHistory(historyEndpoint);
  const expected = await Array.fromAsync(history.statuses({ atLeast: heads, includeRetired: true }));
  const wrong: string[] = [];
  const silent: string[] = [];
  for (const endpoint of caches) {
    const found = await listOf(endpoint, heads);
    if (typeof found === 'string') silent.push(`${endpoint}: ${found}`);
    else wrong.push(...differences(found, expected).map((difference) => `${endpoint}: ${difference}`));
  }
  return [
    ...violationsOf('each cache answers once all is whole again', silent),
    ...violationsOf('each cache has the statuses of history', wrong),
  ];
}

/** Its statuses, or why it has none. */
async function listOf(
  endpoint: string,
  heads: readonly Position[],
): Promise<readonly VehicleStatus[] | string> {
  using cache = connectCache(endpoint);
  const deadlineAtMs = performance.now() + READY_WITHIN_MS;
  for (;;) {
    try {
      const aged = await Array.fromAsync(cache.latestStatuses({ atLeast: heads, includeRetired: true }));
      return aged.flatMap(({ status }) => status ?? []);
    } catch (error) {
      if (!isFault(error)) throw error;
      if (performance.now() > deadlineAtMs) return `${error.code} ${error.message}`;
      await pause(ASK_AGAIN_MS);
    }
  }
}

function differences(found: readonly VehicleStatus[], expected: readonly VehicleStatus[]): readonly string[] {
  const byId = new Map(found.map((status) => [status.vehicleId, status]));
  const wrong = expected.filter((status) => !isDeepStrictEqual(byId.get(status.vehicleId), status));
  const shown = wrong.map((status) => {
    return `${status.vehicleId} is ${JSON.stringify(byId.get(status.vehicleId))}, expected ${JSON.stringify(status)}`;
  });
  const more = found.length - expected.length;
  return more > 0 ? [...shown, `it has ${more} vehicles more than history`] : shown;
}
