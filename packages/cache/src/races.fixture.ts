import { pathToFileURL } from 'node:url';
import type { Redis } from 'ioredis';
import type { Load } from './answer.ts';
import { type NodeOptions, openNode } from './cache.fixture.ts';
import type { Cache, Invalidated } from './cache.ts';
import { TestBus } from './invalidations.fixture.ts';
import type { TypedCache } from './typed-cache.ts';
import type { Version } from './version.ts';

/** What the races read and write. A cache whose reads of memory are asynchronous can be raced as well. */
interface RaceTexts extends Pick<TypedCache<string>, 'getOrLoad'> {
  peek(key: string): string | undefined | Promise<string | undefined>;
  put(key: string, loaded: { readonly value: string; readonly version: Version }): unknown;
}

/** One process of several that share a Redis and a bus. */
export interface RaceNode {
  readonly texts: RaceTexts;
  readonly cache: Pick<Cache, 'invalidate' | 'repair'>;
  set(key: string, value: string): Promise<Invalidated>;
  /** Its way to Redis, see `HeldTier`. */
  readonly redis: { isAway: boolean; holdReads(): () => void };
}

export type RaceOptions = Pick<NodeOptions, 'policy' | 'now' | 'maxBytes'>;

/** The processes of one test. */
export interface Race {
  open(options: RaceOptions): RaceNode;
  /** Cuts the process that was opened at this place off from the bus, or connects it again. */
  cut(at: number, isCut: boolean): void;
  isInRedis(key: string): Promise<boolean>;
  /** The time is over in which a process may load a key alone. */
  endLease(key: string): Promise<void>;
}

interface RaceDeps {
  readonly redis: Redis;
  /** Of the keys in Redis. It ends in a colon. */
  readonly namespace: string;
}

type StartRace = (deps: RaceDeps) => Race;

const startOurs: StartRace = ({ redis, namespace }) => {
  const bus = new TestBus();
  return {
    open: (options) => {
      const node = openNode({ bus, redis, namespace, ...options });
      return { ...node, set: (key, value) => node.cache.set(node.texts, key, value) };
    },
    cut: (at, isCut) => bus.cut(at, isCut),
    isInRedis: async (key) => (await redis.exists(`${namespace}{text:${key}}`)) === 1,
    endLease: async (key) => void (await redis.del(`${namespace}{text:${key}}lease`)),
  };
};

/** A module that exports `startRace` for another cache; `make races` sets it. */
const other = process.env['ODO_RACES_WITH'];

export const startRace: StartRace =
  other === undefined ? startOurs : (await import(pathToFileURL(other).href)).startRace;

/** A source whose only value, or failure, tests give when they like. */
export function source() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let loads = 0;
  const load: Load<string> = async () => {
    loads += 1;
    return { value: await promise, version: [], tags: ['north'] };
  };
  return { load, loads: () => loads, give: resolve, fail: reject };
}

/** A source that has its value at once. */
export const always =
  (value: string): Load<string> =>
  async () => ({ value, version: [], tags: ['north'] });
