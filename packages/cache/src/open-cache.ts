import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type Started, started } from '@odograph/platform/app/app';
import type { Logger } from '@odograph/platform/logger';
import type { Nats } from '@odograph/platform/nats';
import { Trouble } from '@odograph/platform/trouble';
import { Cache } from './cache.ts';
import { coarseClock } from './coarse-clock.ts';
import type { CacheCounts } from './counts.ts';
import type { KeptFloors, Scope } from './floors.ts';
import { JetStreamInvalidations } from './jetstream-invalidations.ts';
import type { Levels } from './open-levels.ts';
import type { Stamp } from './version.ts';

interface OpenCacheDeps {
  readonly levels: Levels;
  readonly counts: CacheCounts;
  readonly logger: Logger;
  /** Carries what is made invalid to all processes. */
  readonly nats: Nats;
  /** Of all types of values in memory. Default: 100 MiB. */
  readonly maxBytes?: number;
  /** Floors of one domain, about 150 bytes each. Default: 100,000. */
  readonly maxFloors?: number;
  /**
   * What an earlier process has known. Without it, what was read before the oldest delete that the list still has is invalid.
   */
  readonly earlier?: {
    readonly floors: readonly KeptFloors[];
    /** What it could not publish. */
    readonly pending: readonly Scope[];
    /** Up to where it had applied the list of invalidations. */
    readonly invalidations: Stamp | undefined;
  };
  /** Called with how long ago an invalidation was published when it is applied here. */
  readonly onApplied?: (lagMs: number) => void;
}

interface OpenedCache {
  readonly cache: Cache;
  readonly invalidations: JetStreamInvalidations;
}

const MAX_BYTES = 100 * 1024 ** 2;
const UPKEEP_EVERY_MS = 1_000;
const SWEEP_EVERY_MS = 60_000;

/** A cache on its levels, and the list of what is invalid, as a part of a program. */
export async function openCache(deps: OpenCacheDeps): Promise<Started<OpenedCache>> {
  const { levels, counts, nats, maxBytes = MAX_BYTES, maxFloors, earlier } = deps;
  const invalidations = new JetStreamInvalidations({
    ...(await depsOfList(deps)),
    listener: {
      onRaised: (scopes, stamp) => cache.onRaised(scopes, stamp),
      onMissed: (stamp) => cache.onMissed(stamp),
    },
    isConnected: () => nats.isConnected(),
    onReconnect: (listener) => nats.onReconnect(listener),
  });
  const cache: Cache = new Cache({
    ...{ ...levels, counts, invalidations, maxBytes, now: coarseClock(), random: Math.random },
    ...(maxFloors !== undefined && { maxFloors }),
    ...(earlier && { kept: earlier.floors, pending: earlier.pending }),
  });
  const upkeep = setInterval(() => void cache.repair(), UPKEEP_EVERY_MS).unref();
  const sweeping = setInterval(() => cache.sweep(), SWEEP_EVERY_MS).unref();
  const stop = async () => {
    clearInterval(upkeep);
    clearInterval(sweeping);
    await invalidations.stop();
  };
  return started({ cache, invalidations }, { start: () => invalidations.start(), stop });
}

async function depsOfList({ nats: { connection }, logger, earlier, onApplied }: OpenCacheDeps) {
  const trouble = new Trouble({ logger, message: 'invalidations do not arrive' });
  return {
    jetstream: jetstream(connection),
    manager: await jetstreamManager(connection),
    ...(earlier?.invalidations && { after: earlier.invalidations }),
    ...(onApplied && { onApplied }),
    onTrouble: (error: unknown) => void trouble.failed(error),
    onSuccess: () => trouble.succeeded(),
  };
}
