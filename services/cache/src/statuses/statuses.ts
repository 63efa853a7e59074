import type { Answer } from '@odograph/cache/answer';
import type { Cache } from '@odograph/cache/cache';
import type { TypedCache } from '@odograph/cache/typed-cache';
import { covers, mergeFloors, type Stamp, type Version } from '@odograph/cache/version';
import { partitionOf } from '@odograph/kernel/partition';
import type { EventPosition, Position } from '@odograph/kernel/position';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import { status } from '@odograph/projections/status';
import { type Profile, profileOf } from '../domain/profile.ts';
import type { SeenEvent } from '../domain/seen-event.ts';
import type { CachedStatus } from './cached-status.ts';
import type { Directory, ProfileChange } from './directory.ts';
import { type Following, type Reflected, reachOrAsk, reflected } from './following.ts';
import { domainOf, positionOf, stampOf } from './stamps.ts';
import type { ListedStatus, StatusSource } from './status-source.ts';

/** A status, the position that it reflects, and how old it may be. */
export interface KnownStatus extends Reflected {
  readonly vehicleId: string;
  readonly status: CachedStatus;
}

interface StatusesDeps {
  readonly cache: Cache;
  readonly typed: TypedCache<CachedStatus>;
  readonly directory: Directory;
  readonly source: StatusSource;
  readonly following: Following;
  readonly partitionCount: number;
  /** Called after each event of a vehicle. */
  readonly onChange: (vehicleId: string, change: ProfileChange) => void;
}

interface GetOptions {
  /** What the status must reflect. */
  readonly atLeast?: Position | undefined;
  /** Called if it has to be waited for: most statuses are there, and a signal with a time limit costs more than to answer them. */
  readonly openSignal: () => AbortSignal;
}

/** How long it may take to ask for a vehicle of which the log alone does not say enough. */
const ASK_AGAIN_MS = 10_000;

/** The statuses of all vehicles: those in memory change with the log, the others are asked for. */
export class Statuses {
  readonly #deps: StatusesDeps;

  constructor(deps: StatusesDeps) {
    this.#deps = deps;
  }

  /** The status of a vehicle; undefined if it is not known. */
  async get(vehicleId: string, { atLeast, openSignal }: GetOptions): Promise<KnownStatus | undefined> {
    const { typed, source, following } = this.#deps;
    const load = source.load(vehicleId);
    const fresh = atLeast ? undefined : typed.getFresh(vehicleId, load);
    if (fresh) return this.#knownFrom(vehicleId, fresh);
    const signal = openSignal();
    const isReached = !atLeast || (await reachOrAsk(following, atLeast, signal));
    const version = isReached ? [] : [stampOf(atLeast)];
    const answer = await typed.getOrLoad(vehicleId, load, { signal, atLeast: version });
    return this.#knownFrom(vehicleId, answer);
  }

  /** The statuses of those vehicles that are known, in the order of the ids. */
  async getMany(vehicleIds: readonly string[], signal: AbortSignal): Promise<readonly KnownStatus[]> {
    const { typed, source } = this.#deps;
    const answers = await typed.getOrLoadMany(vehicleIds, source.loadMany(), signal);
    return vehicleIds.flatMap((vehicleId) => {
      const answer = answers.get(vehicleId);
      return (answer && this.#knownFrom(vehicleId, answer)) ?? [];
    });
  }

  /** A status that history has listed, with the invalidations that were applied before it was. */
  listed({ vehicleId, value, version, writer }: ListedStatus, seen: Stamp): void {
    if (!value) return;
    this.#take(vehicleId, value);
    this.#deps.typed.put(vehicleId, { value, version: [...version, seen] }, writer);
  }

  /** What is next in the log about a vehicle. */
  apply({ vehicleId, event, position }: SeenEvent): void {
    const { cache, directory, typed, onChange } = this.#deps;
    const stamp = stampOf(position);
    const held = typed.inspect(vehicleId);
    // A status that was loaded meanwhile may have it already. Lists and watches do not know that yet.
    const hasIt = held !== undefined && covers(held.version, stamp);
    const value = hasIt ? held.value : event && held?.value && folded(held.value, event, position);
    const profile = value ? profileOf(value.slice) : event && profileAfter(event, position);
    const isParked = directory.isParked(vehicleId);
    if (profile && !isParked) onChange(vehicleId, directory.merge(vehicleId, profile));
    if (value && !hasIt)
      typed.put(vehicleId, { value, version: mergeFloors(held?.version ?? [], [stamp]) }, 'feed');
    // Levels below, and answers that are under way, may have an older one.
    cache.raise({ key: typed.nameOf(vehicleId) }, stamp);
    // Of an event that cannot be applied, and of what follows it, history alone knows how it goes on.
    if (!profile || isParked) void this.#askAgain(vehicleId, position);
  }

  /** So that lists and watches learn what history makes of it. */
  async #askAgain(vehicleId: string, atLeast: Position): Promise<void> {
    const { directory, onChange } = this.#deps;
    try {
      await this.get(vehicleId, { atLeast, openSignal: () => AbortSignal.timeout(ASK_AGAIN_MS) });
    } catch {
      // The next one who asks for it asks history.
    }
    const profile = directory.profileOf(vehicleId);
    if (profile) onChange(vehicleId, { before: profile, after: profile });
  }

  /** What the log alone does not say: whether an event is parked, which another process may have read. */
  #learn(vehicleId: string, { value, from }: Answer<CachedStatus>): void {
    if (!value) return;
    const isParked = value.parkedAt !== undefined;
    if (from === 'source' || this.#deps.directory.isParked(vehicleId) !== isParked)
      this.#take(vehicleId, value);
  }

  #take(vehicleId: string, { slice, parkedAt }: CachedStatus): void {
    const { directory, onChange } = this.#deps;
    const change = directory.take(vehicleId, profileOf(slice), parkedAt !== undefined);
    if (change.after !== change.before) onChange(vehicleId, change);
  }

  #knownFrom(vehicleId: string, answer: Answer<CachedStatus>): KnownStatus | undefined {
    if (!answer.value) return undefined;
    const { typed, following, partitionCount } = this.#deps;
    const partition = partitionOf(vehicleId, partitionCount);
    const own = answer.version.find(({ domain }) => domain === domainOf(partition));
    const position = own ? positionOf(own) : { partition, sequence: 0 };
    const isCurrent = isAnswered(typed, vehicleId, answer.version);
    if (isCurrent) this.#learn(vehicleId, answer);
    return { vehicleId, status: answer.value, ...reflected(answer, { position, isCurrent }, following) };
  }
}

/** Whether nothing is known that makes a status invalid. What memory holds is above its own floors, or it had been dropped. */
export function isAnswered(
  typed: Pick<TypedCache<CachedStatus>, 'inspect' | 'isCurrent'>,
  vehicleId: string,
  version: Version,
): boolean {
  return typed.inspect(vehicleId)?.version === version || typed.isCurrent(vehicleId, version);
}

/** What one event alone says of its vehicle; undefined if it cannot be applied. */
function profileAfter(event: VehicleEvent, position: Position): Profile | undefined {
  const slice = status.initial(event.subject, '');
  return applyTo(slice, event, position) ? profileOf(slice) : undefined;
}

/** Undefined if history alone knows how it goes on: behind an event that it could not apply. */
function folded(
  { slice, parkedAt }: CachedStatus,
  event: VehicleEvent,
  position: Position,
): CachedStatus | undefined {
  if (parkedAt) return undefined;
  const copy = status.copy(slice);
  return applyTo(copy, event, position) ? { slice: copy, parkedAt } : undefined;
}

function applyTo(slice: CachedStatus['slice'], event: VehicleEvent, position: Position): boolean {
  try {
    const change = status.read(event, { index: 0, ...position } as EventPosition);
    for (const key of change.keys) change.applyTo(slice, key);
    return true;
  } catch {
    return false;
  }
}
