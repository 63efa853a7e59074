import { Cache } from '@odograph/cache/cache';
import type { CachedType } from '@odograph/cache/cached-type';
import { coarseClock } from '@odograph/cache/coarse-clock';
import type { CacheCounts } from '@odograph/cache/counts';
import type { StoredEntry } from '@odograph/cache/entry-bytes';
import { RedisTier } from '@odograph/cache/redis-tier';
import type { TypedCache } from '@odograph/cache/typed-cache';
import { INVALIDATIONS } from '@odograph/cache/version';
import { type CachedStatus, statusType } from '@odograph/cache-service/statuses/cached-status';
import type { TelemetryReported } from '@odograph/kernel/vehicle-event';
import { silentLogger } from '@odograph/platform/logger';
import { connectRedis } from '@odograph/platform/redis';
import { status } from '@odograph/projections/status';
import { createFleet } from '@odograph/sources/fleet/fleet';
import { LRUCache } from 'lru-cache';
import { decodedSamples } from './fleet-samples.ts';

export interface LevelOptions {
  readonly redisUrl: string;
  readonly entries: number;
  readonly reads: number;
  readonly writes: number;
  /** Held at the same time, for their memory. */
  readonly statuses: number;
}

/** Of a second, and for memory the bytes that are held for each byte that is counted. */
export interface LevelResults {
  readonly lruReads: number;
  readonly cacheReads: number;
  readonly plainWrites: number;
  readonly guardedWrites: number;
  readonly heldPerCounted: number;
}

const HOUR_MS = 3_600_000;
const RECEIVED_AT_MS = 1_790_000_000_000;
const nothing = () => undefined;
const COUNTS: CacheCounts = {
  ...{ hit: nothing, miss: nothing, stale: nothing, refused: nothing, evicted: nothing, unreadable: nothing },
  ...{ leaseWaited: nothing, loaded: nothing, dropped: nothing },
};

/** A cache of one process, without levels below its memory. */
function openCache(maxBytes: number): Cache {
  return new Cache({
    ...{ lower: [], leases: undefined, counts: COUNTS, maxBytes },
    ...{ now: coarseClock(), random: Math.random },
    invalidations: {
      seen: () => ({ domain: INVALIDATIONS, epoch: 1, sequence: 1 }),
      isLive: () => true,
      raise: () => Promise.reject(new Error('nothing is made invalid here')),
    },
  });
}

const TEXT_TYPE: CachedType<string> = {
  name: 'text',
  share: 1,
  policy: {
    softTtlMs: { load: HOUR_MS, feed: HOUR_MS, set: HOUR_MS },
    ...{ hardTtlMs: HOUR_MS, graceMs: HOUR_MS, negativeTtlMs: HOUR_MS, jitter: 0, eagerAt: 1 },
    ...{ load: { softMs: 1, hardMs: 1 }, tiers: { redis: false, files: false } },
  },
  codec: {
    encode: (value) => Buffer.from(value),
    decode: (bytes) => Buffer.from(bytes).toString(),
    bytesOf: (value) => value.length,
  },
};

export async function measureLevels(options: LevelOptions): Promise<LevelResults> {
  const held = memoryOfStatuses(options.statuses);
  return { ...readMemory(options), ...(await writeRedis(options)), heldPerCounted: held };
}

function readMemory({ entries, reads }: LevelOptions) {
  const texts = openCache(1e9).addType(TEXT_TYPE);
  const lru = new LRUCache<string, string>({ maxSize: 1e9, sizeCalculation: ({ length }) => length });
  const keys = Array.from({ length: entries }, (_, at) => `vehicle-${at}`);
  for (const key of keys) {
    texts.put(key, { value: `value of ${key}`, version: [] }, 'set');
    lru.set(key, `value of ${key}`);
  }
  const perSecond = (get: (key: string) => string | undefined) => {
    const startMs = performance.now();
    let found = 0;
    for (let at = 0; at < reads; at += 1)
      if (get(keys[(at * 7_919) % entries] as string) !== undefined) found += 1;
    if (found !== reads) throw new Error(`only ${found} of ${reads} were found`);
    return (reads / (performance.now() - startMs)) * 1_000;
  };
  let [lruReads, cacheReads] = [0, 0];
  // In turns; the last one counts, when all code is compiled.
  for (let turn = 0; turn < 4; turn += 1) {
    lruReads = perSecond((key) => lru.get(key));
    cacheReads = perSecond((key) => texts.peek(key));
  }
  return { lruReads, cacheReads };
}

const AT_ONCE = 100;

async function writeRedis({ redisUrl, writes }: LevelOptions) {
  const { redis, close } = await connectRedis({ url: redisUrl, name: 'bench', logger: silentLogger });
  const tier = new RedisTier({ redis, namespace: 'odograph:bench:', floorTtlMs: HOUR_MS, onDamage: nothing });
  const value = Buffer.alloc(900, 'a status as JSON has about 900 bytes. ');
  const entry = (sequence: number): StoredEntry => ({
    ...{ value, version: [{ domain: 'status/0', epoch: 3, sequence }], tags: [], writer: 'load' },
    ...{ ageMs: 0, freshMs: HOUR_MS, servedMs: HOUR_MS, keptMs: HOUR_MS },
  });
  const perSecond = async (write: (at: number) => Promise<unknown>) => {
    const startMs = performance.now();
    for (let at = 0; at < writes; at += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, (_, of) => write(at + of)));
    return (writes / (performance.now() - startMs)) * 1_000;
  };
  let [plainWrites, guardedWrites] = [0, 0];
  try {
    for (let turn = 0; turn < 3; turn += 1) {
      plainWrites = await perSecond((at) => redis.set(`odograph:plain:${at % 1_000}`, value, 'PX', HOUR_MS));
      guardedWrites = await perSecond((at) =>
        tier.write(`status:bus-${at % 1_000}`, entry(turn * writes + at)),
      );
    }
  } finally {
    close();
  }
  return { plainWrites, guardedWrites };
}

/** The heap that statuses of a fleet take, by the bytes that the cache counts for them. */
function memoryOfStatuses(vehicles: number): number {
  const collect = globalThis.gc;
  if (!collect) throw new Error('run it with --expose-gc');
  const heap = () => {
    collect();
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const fleet = createFleet({ movement: 'steps', vehicles, samplesPerReport: 1, seed: 1 });
  const before = heap();
  const statuses: TypedCache<CachedStatus> = openCache(1e9).addType(statusType);
  for (let vehicle = 0; vehicle < vehicles; vehicle += 1) {
    const { vehicleId, samples } = decodedSamples(fleet, vehicle);
    const slice = status.initial(vehicleId, '');
    const event: TelemetryReported = {
      ...{ type: 'TelemetryReported' as const, subject: vehicleId, reportId: `report-of-${vehicle}` },
      ...{ observedAtMs: samples[0]?.observedAtMs ?? 0, receivedAtMs: RECEIVED_AT_MS + vehicle, samples },
    };
    status.read(event, { partition: 0, sequence: vehicle + 1, index: 0 }).applyTo(slice, '');
    const version = [
      { domain: 'status/0', epoch: 3, sequence: vehicle + 1 },
      { domain: INVALIDATIONS, epoch: RECEIVED_AT_MS, sequence: vehicle },
    ];
    statuses.put(vehicleId, { value: { slice, parkedAt: undefined }, version });
  }
  const held = heap() - before;
  // Used once more here: if the fleet could leave before, its memory would count against what is held.
  if (fleet.vehicleIds.length !== vehicles || statuses.size !== vehicles)
    throw new Error(`only ${statuses.size} of ${vehicles} are held`);
  return held / statuses.bytes;
}
