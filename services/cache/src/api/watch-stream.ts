import type {
  WatchRequest,
  WatchResponse,
} from '@odograph/contracts/generated/odograph/cache/v1/vehicle_status';
import { Fault } from '@odograph/kernel/fault';
import { countFitting } from '@odograph/platform/grpc/answer-bytes';
import type { CallContext } from '@odograph/platform/grpc/handler';
import { createQuota } from '@odograph/platform/grpc/quota';
import type { Directory } from '../statuses/directory.ts';
import type { Following } from '../statuses/following.ts';
import type { KnownStatus, Statuses } from '../statuses/statuses.ts';
import type { Watch } from '../watch/watch.ts';
import type { Watches } from '../watch/watches.ts';
import { weightOf } from '../watch/weight.ts';
import { agedStatus, bytesOf, overallFreshness } from './aged-status.ts';
import { conditionsOf } from './conditions.ts';

export interface WatchDeps {
  readonly partitionCount: number;
  readonly statuses: Pick<Statuses, 'getMany'>;
  readonly directory: Directory;
  readonly watches: Watches;
  readonly following: Pick<Following, 'silentMs' | 'isLive'>;
  /** Whether the directory has all vehicles. */
  readonly isComplete: () => boolean;
  /** Of one client; all clients may have four times as many. */
  readonly maxWatches: number;
}

/** Statuses in a message: the largest have a megabyte. */
export const MESSAGE_STATUSES = 100;
/** How often a watch says that there is nothing new. */
export const QUIET_MS = 10_000;

/** Sends what a watch has, then what changes. */
export function watchStream(deps: WatchDeps) {
  const { partitionCount, statuses, directory, watches, following, maxWatches } = deps;
  const places = createQuota({ name: 'watches', perClient: maxWatches, inAll: 4 * maxWatches });

  async function* watch(request: WatchRequest, call: CallContext): AsyncGenerator<WatchResponse> {
    const conditions = conditionsOf(request.conditions);
    using _places = places.open(call.client, weightOf(conditions));
    const opened = watches.open(conditions);
    const wake = () => opened.wake();
    call.signal.addEventListener('abort', wake);
    try {
      for (;;) {
        call.signal.throwIfAborted();
        if (opened.takeBeginning()) {
          requireAll(deps);
          yield* everything(opened, call);
        }
        const { changed, left } = opened.take(MESSAGE_STATUSES);
        if (changed.length + left.length === 0) {
          if (await isQuiet(opened)) yield message([]);
        } else yield* inMessages(await statuses.getMany(changed, call.signal), left);
      }
    } finally {
      call.signal.removeEventListener('abort', wake);
      watches.close(opened);
    }
  }

  /** All that a watch has, from the first vehicle on. */
  async function* everything(opened: Watch, { signal }: CallContext): AsyncGenerator<WatchResponse> {
    const { choice } = opened;
    let after: string | undefined = '';
    let beginsAgain = true;
    while (after !== undefined) {
      const page = await directory.page(choice, { after, limit: MESSAGE_STATUSES, signal });
      opened.sent(page.vehicleIds, page.hasMore);
      for (const each of inMessages(await statuses.getMany(page.vehicleIds, signal), [])) {
        yield { ...each, beginsAgain };
        beginsAgain = false;
      }
      after = page.hasMore ? page.vehicleIds.at(-1) : undefined;
    }
    yield { ...message([]), beginsAgain, isComplete: true };
  }

  function* inMessages(known: readonly KnownStatus[], left: readonly string[]): Generator<WatchResponse> {
    let rest = known;
    do {
      const fitting = rest.slice(0, countFitting(rest, bytesOf));
      rest = rest.slice(fitting.length);
      yield { ...message(fitting), leftVehicleIds: rest.length === 0 ? [...left] : [] };
    } while (rest.length > 0);
  }

  function message(known: readonly KnownStatus[]): WatchResponse {
    return {
      statuses: known.map(agedStatus),
      ...{ leftVehicleIds: [], beginsAgain: false, isComplete: false },
      freshness: overallFreshness(following, partitionCount),
    };
  }

  return watch;
}

/** Resolves with true if nothing has arrived for a while. */
async function isQuiet(watch: Watch): Promise<boolean> {
  const { promise: quiet, resolve } = Promise.withResolvers<true>();
  const timer = setTimeout(() => resolve(true), QUIET_MS);
  try {
    return await Promise.race([quiet, watch.arrived().then(() => false)]);
  } finally {
    clearTimeout(timer);
    watch.wake();
  }
}

/** Throws a Fault UNAVAILABLE while there are vehicles that are not in the directory yet. */
export function requireAll({ isComplete, directory }: Pick<WatchDeps, 'isComplete' | 'directory'>): void {
  if (isComplete()) return;
  throw new Fault(
    'UNAVAILABLE',
    `the vehicles are still being listed, ${directory.size} so far: retry later`,
    {
      retryAfterMs: 1_000,
    },
  );
}
