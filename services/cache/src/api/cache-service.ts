import type { Cache, Inspected } from '@odograph/cache/cache';
import type { MeasuredCounts } from '@odograph/cache/cache-counts';
import type { Entry } from '@odograph/cache/entry';
import type { Scope } from '@odograph/cache/floors';
import type { Invalidations } from '@odograph/cache/invalidations';
import type { LowerTier } from '@odograph/cache/lower-tier';
import {
  CacheService,
  type InspectRequest,
  type InspectResponse,
  type InvalidateRequest,
  type InvalidateResponse,
  type LevelEntry,
  type StatsResponse,
} from '@odograph/contracts/generated/odograph/cache/v1/cache';
import { grpcService, serverStream, unary } from '@odograph/platform/grpc/handler';
import { invalid } from '@odograph/platform/grpc/request-checks';
import type { Following } from '../statuses/following.ts';
import type { Watches } from '../watch/watches.ts';
import { type WarmDeps, warming } from './warming.ts';

interface CacheServiceDeps extends WarmDeps {
  readonly cache: Cache;
  readonly counts: MeasuredCounts;
  readonly lower: readonly LowerTier[];
  readonly invalidations: Invalidations;
  readonly watches: Watches;
  readonly following: Following;
  readonly partitionCount: number;
  /** For the values of all types. */
  readonly memoryBytes: number;
}

export const MAX_INVALIDATED = 1_000;
export const MAX_KEY = 512;

/** The cache itself, over gRPC. */
export function cacheService(deps: CacheServiceDeps) {
  const { cache, counts, lower, invalidations, watches, following, partitionCount, directory } = deps;

  async function inspect({ key }: InspectRequest): Promise<InspectResponse> {
    checkKey('key', key);
    const inspected = await cache.inspect(key);
    if (!inspected) throw noSuchType('key', key);
    const { lower: below, floors } = inspected;
    return {
      levels: [memoryEntry(inspected), ...below.map((each) => lowerEntry(each))],
      floors: [...floors],
    };
  }

  async function invalidate(request: InvalidateRequest): Promise<InvalidateResponse> {
    const scopes = scopesOf(request);
    return { isDegraded: (await cache.invalidate(scopes)) === 'degraded' };
  }

  async function stats(): Promise<StatsResponse> {
    return {
      types: Array.from(cache.types(), ([type, typed]) => {
        const { answers, ...others } = counts.of(type);
        const maxBytes = Math.round(deps.memoryBytes * typed.share);
        return {
          type,
          entries: typed.size,
          bytes: typed.bytes,
          maxBytes,
          answers: { ...answers },
          ...others,
        };
      }),
      levels: lower.map(({ name, state, queueDepth, repairDepth }) => {
        return { level: name, breaker: state, queued: queueDepth, repairs: repairDepth };
      }),
      isInvalidationsLive: invalidations.isLive(),
      invalidations: { ...invalidations.seen() },
      partitions: Array.from({ length: partitionCount }, (_, partition) => {
        const silentMs = following.silentMs(partition);
        return {
          partition,
          sequence: following.positionOf(partition).sequence,
          silentMs: Number.isFinite(silentMs) ? Math.round(silentMs) : 0,
          isFollowed: following.isLive(partition),
        };
      }),
      vehicles: directory.size,
      watches: watches.size,
    };
  }

  return grpcService(CacheService, {
    inspect: unary(inspect),
    invalidate: unary(invalidate),
    warm: serverStream(warming(deps)),
    stats: unary(stats),
  });
}

function checkKey(field: string, key: string): void {
  if (key.length > MAX_KEY)
    throw invalid(field, 'TOO_LONG', `has ${key.length} characters, at most ${MAX_KEY} are allowed`);
  if (!/^[a-z_]+:./.test(key))
    throw invalid(
      field,
      'INVALID_KEY',
      'must begin with the type of a value and a colon, such as status:bus-7',
    );
  if (CONTROL.test(key)) throw invalid(field, 'INVALID_KEY', 'must have no control characters');
}

const CONTROL = /\p{Cc}/u;

const noSuchType = (field: string, key: string) =>
  invalid(field, 'UNKNOWN_TYPE', `names no type of values that is cached: ${key.slice(0, key.indexOf(':'))}`);

/** What is to be invalid. Throws a Fault INVALID_INPUT if that is nothing, or too much. */
function scopesOf({ keys, tags, all }: InvalidateRequest): readonly Scope[] {
  for (const [field, list] of Object.entries({ keys, tags }))
    if (list.length > MAX_INVALIDATED)
      throw invalid(field, 'TOO_MANY', `has ${list.length} entries, at most ${MAX_INVALIDATED} are allowed`);
  for (const [at, key] of keys.entries()) checkKey(`keys[${at}]`, key);
  for (const [at, tag] of tags.entries())
    if (tag === '' || tag.length > MAX_KEY || CONTROL.test(tag))
      throw invalid(
        `tags[${at}]`,
        'INVALID_TAG',
        `must have 1 to ${MAX_KEY} characters, none a control character`,
      );
  if (all) return [{ all: true }];
  if (keys.length + tags.length === 0)
    throw invalid('', 'NOTHING_NAMED', 'the request names nothing: give keys, tags, or all');
  return [...keys.map(keyScope), ...tags.map((tag) => ({ tag }))];
}

function keyScope(key: string): Scope {
  return key.endsWith(':*') ? { prefix: key.slice(0, -1) } : { key };
}

function memoryEntry({ memory, memoryBytes }: Inspected): LevelEntry {
  if (!memory) return notHeld('memory');
  const now = performance.now();
  return {
    ...{ level: 'memory', isHeld: true, hasValue: memory.value !== undefined, bytes: memoryBytes },
    ...timesOf(memory, now),
    // What a floor makes invalid leaves memory at once.
    ...{ version: [...memory.version], tags: [...memory.tags], isValid: true },
  };
}

function timesOf({ readAtMs, freshUntilMs, keptUntilMs }: Entry<unknown>, now: number) {
  return {
    ageMs: Math.max(0, Math.round(now - readAtMs)),
    freshMs: Math.max(0, Math.round(freshUntilMs - now)),
    keptMs: Math.max(0, Math.round(keptUntilMs - now)),
  };
}

function lowerEntry({ level, found, isValid }: Inspected['lower'][number]): LevelEntry {
  if (!found) return notHeld(level);
  const { entry, ageMs } = found;
  return {
    ...{ level, isHeld: true, hasValue: entry.value !== undefined, bytes: entry.value?.length ?? 0 },
    ageMs: Math.round(entry.ageMs + ageMs),
    freshMs: Math.max(0, Math.round(entry.freshMs - ageMs)),
    keptMs: Math.max(0, Math.round(entry.keptMs - ageMs)),
    ...{ version: [...entry.version], tags: [...entry.tags], isValid },
  };
}

function notHeld(level: string): LevelEntry {
  return {
    ...{ level, isHeld: false, hasValue: false, bytes: 0, ageMs: 0, freshMs: 0, keptMs: 0 },
    ...{ version: [], tags: [], isValid: false },
  };
}
