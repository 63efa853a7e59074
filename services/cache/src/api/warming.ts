import type { WarmRequest, WarmResponse } from '@odograph/contracts/generated/odograph/cache/v1/cache';
import { pause } from '@odograph/kernel/clock';
import type { CallContext } from '@odograph/platform/grpc/handler';
import { checkFilterText, checkVehicleIds, invalid } from '@odograph/platform/grpc/request-checks';
import { choiceOf } from '../domain/choice.ts';
import type { HotSet } from '../kept/hot-set.ts';
import type { Directory } from '../statuses/directory.ts';
import type { Statuses } from '../statuses/statuses.ts';

export interface WarmDeps {
  readonly statuses: Statuses;
  readonly directory: Directory;
  /** Undefined if nothing is kept over a restart. */
  readonly hotSet: HotSet | undefined;
}

export const MAX_WARMED = 10_000;
/** Vehicles at a time, and the pause between: at most 1,000 a second, which history hardly notices. */
const AT_ONCE = 100;
const PAUSE_MS = 100;

/** Loads statuses before they are asked for. */
export function warming({ statuses, directory, hotSet }: WarmDeps) {
  async function chosen(request: WarmRequest, signal: AbortSignal): Promise<readonly string[]> {
    const { vehicleIds, tag, fleet, lastHot } = request;
    const given = [vehicleIds.length > 0, tag !== '', fleet !== '', lastHot].filter(Boolean).length;
    if (given !== 1)
      throw invalid(
        '',
        'ONE_CHOICE',
        'the request must have exactly one of vehicle_ids, tag, fleet and last_hot',
      );
    for (const field of ['tag', 'fleet'] as const) checkFilterText(field, request[field]);
    if (vehicleIds.length > 0) return checkVehicleIds('vehicle_ids', vehicleIds, MAX_WARMED);
    if (!lastHot) {
      const choice = choiceOf({ ...ANY, tag, fleet });
      return (await directory.page(choice, { after: '', limit: MAX_WARMED, signal })).vehicleIds;
    }
    if (hotSet) return await hotSet.read();
    throw invalid('last_hot', 'NOT_KEPT', 'is not known, because ODO_CACHE_FOLDER is not set');
  }

  return async function* warm(request: WarmRequest, { signal }: CallContext): AsyncGenerator<WarmResponse> {
    const vehicleIds = await chosen(request, signal);
    const total = vehicleIds.length;
    let [done, failed] = [0, 0];
    yield { done, failed, total };
    for (let at = 0; at < total; at += AT_ONCE) {
      const some = vehicleIds.slice(at, at + AT_ONCE);
      if (await isLoaded(some, signal)) done += some.length;
      else failed += some.length;
      yield { done, failed, total };
      await pause(PAUSE_MS, signal);
      signal.throwIfAborted();
    }
  };

  /** A failure is counted, and the others are loaded. */
  async function isLoaded(vehicleIds: readonly string[], signal: AbortSignal): Promise<boolean> {
    try {
      await statuses.getMany(vehicleIds, signal);
      return true;
    } catch {
      return false;
    }
  }
}

const ANY = {
  ...{ vehicleIds: undefined, box: undefined },
  ...{ fleet: '', tag: '', model: '', text: '', includeRetired: false },
};
