import { invariant } from '@odograph/kernel/fault';
import type { Answer, Level } from './answer.ts';
import { type CachedType, typeNameOf } from './cached-type.ts';
import { Cooling } from './cooling.ts';
import type { EntriesDeps } from './entries.ts';
import type { Entry } from './entry.ts';
import { Flights } from './flights.ts';
import { Floors, type KeptFloors, type Scope } from './floors.ts';
import type { InvalidationListener, Invalidations } from './invalidations.ts';
import type { Leases } from './leases.ts';
import type { LowerTier } from './lower-tier.ts';
import { MemoryTier } from './memory-tier.ts';
import { partsOf } from './scope-parts.ts';
import type { FoundEntry } from './tier.ts';
import { TypedCache } from './typed-cache.ts';
import { PENDING, type Stamp, type Version } from './version.ts';

export interface CacheOptions extends Pick<EntriesDeps, 'lower' | 'counts' | 'now' | 'random'> {
  /** Undefined: each process loads for itself. */
  readonly leases: Leases | undefined;
  /** For all types together; each has its share. */
  readonly maxBytes: number;
  readonly invalidations: Invalidations;
  /** Floors of one domain, about 150 bytes each. Default: 100,000. */
  readonly maxFloors?: number;
  /** Of an earlier process. */
  readonly kept?: readonly KeptFloors[];
  /** What an earlier process could not publish. */
  readonly pending?: readonly Scope[];
}

/** `degraded`: something has not taken it yet, and it is tried again. Until then others may answer what is invalid. */
export type Invalidated = 'done' | 'degraded';

/** What is held of a key. */
export interface Inspected {
  readonly memory: Entry<unknown> | undefined;
  /** Of its value in memory, roughly. */
  readonly memoryBytes: number;
  readonly lower: readonly {
    readonly level: Level;
    readonly found: FoundEntry | undefined;
    /** Whether no floor is above it. */
    readonly isValid: boolean;
  }[];
  readonly floors: Version;
}

const MAX_FLOORS = 100_000;
/** Scopes that wait for the list of invalidations. Above that, everything is invalid. */
const MAX_PENDING = 10_000;
const COOLING = { firstMs: 250, maxMs: 2_000 };

/** All types of values of a process, and what is invalid of them. */
export class Cache implements InvalidationListener {
  readonly #options: CacheOptions;
  readonly #types = new Map<string, TypedCache<unknown>>();
  readonly #floors: Floors;
  /** Invalidations that are not published yet. */
  readonly #pending = new Set<Scope>();
  #pendingFloors = new Floors(MAX_PENDING);
  #publishing: Promise<void> | undefined;

  constructor(options: CacheOptions) {
    this.#options = options;
    this.#floors = new Floors(options.maxFloors ?? MAX_FLOORS, options.kept);
    this.#addPending(options.pending ?? []);
  }

  addType<Value>(type: CachedType<Value>): TypedCache<Value> {
    const { lower, leases, counts, now, random, invalidations, maxBytes } = this.#options;
    const memory = new MemoryTier<Value>({
      maxBytes: Math.floor(maxBytes * type.share),
      bytesOf: (value) => type.codec.bytesOf(value),
      onEvict: () => counts.evicted(type.name),
    });
    const flights = new Flights<Answer<Value>>((key, { tags, version }) =>
      this.#allows(`${type.name}:${key}`, tags, version),
    );
    const tiers = lower.filter(({ name }) => type.policy.tiers[name]);
    const typed = new TypedCache(type, {
      ...{ memory, flights, cooling: new Cooling({ ...COOLING, now, random }) },
      ...{ lower: tiers, leases: tiers.length > 0 ? leases : undefined, counts, now, random },
      allows: (key, tags, version) => this.#allows(key, tags, version),
      seen: () => invalidations.seen(),
      isLive: () => invalidations.isLive(),
    });
    this.#types.set(type.name, typed as TypedCache<unknown>);
    invariant(this.#shares() <= 1 + Number.EPSILON, 'the types of a cache share more than its memory');
    return typed;
  }

  /** Nothing of these scopes that was read before is answered any more, here at once and elsewhere when it arrives. */
  async invalidate(scopes: readonly Scope[]): Promise<Invalidated> {
    const { left, isRaised } = await this.#publish(scopes);
    this.#addPending(left);
    for (const scope of left) this.#drop(scope);
    return isRaised && left.length === 0 ? 'done' : 'degraded';
  }

  /**
   * Sets a value that a program has decided: whatever was read before it does not count any more.
   * @throws {Fault} UNAVAILABLE if others cannot be told. Then it is perhaps set, and perhaps not.
   */
  async set<Value>(
    type: TypedCache<Value>,
    key: string,
    value: Value,
    tags: readonly string[] = [],
  ): Promise<Invalidated> {
    return await this.setMany(type, [{ key, value, tags }]);
  }

  /** The same of several values: at most some thousands, which others hear of in one message. */
  async setMany<Value>(
    type: TypedCache<Value>,
    values: readonly { readonly key: string; readonly value: Value; readonly tags?: readonly string[] }[],
  ): Promise<Invalidated> {
    const scopes = values.map(({ key }) => ({ key: type.nameOf(key) }));
    const stamp = await this.#options.invalidations.raise(scopes);
    const isRaised = await this.#raiseAll(scopes, stamp);
    for (const { key, ...others } of values) type.put(key, { ...others, version: [stamp] }, 'set');
    return isRaised ? 'done' : 'degraded';
  }

  /** Publishes what could not be published, and raises the floors that levels have refused. Call it now and then. */
  async repair(): Promise<void> {
    this.#publishing ??= this.#publishPending().finally(() => {
      this.#publishing = undefined;
    });
    await this.#publishing;
    await Promise.all(this.#options.lower.map((tier) => tier.repair()));
  }

  /** Up to where invalidations are applied: part of the version of what is read from now on, and put here later. */
  seen(): Stamp {
    return this.#options.invalidations.seen();
  }

  /** From a source that says itself what has changed, such as the log. */
  raise(scope: Scope, stamp: Stamp): void {
    if (this.#floors.raise(scope, stamp)) this.#drop(scope);
  }

  onRaised(scopes: readonly Scope[], stamp: Stamp): void {
    for (const scope of scopes) this.raise(scope, stamp);
  }

  onMissed(stamp: Stamp): void {
    this.raise({ all: true }, stamp);
  }

  /** Everything of a domain begins again, such as a log that was restored: nothing of it is valid, and its floors are gone. */
  forget(domain: string): void {
    this.#floors.forget(domain);
    for (const type of this.#types.values()) type.clear();
  }

  /**
   * What each level has of a key, whatever its age, and the floors above it. The key begins with the name of its type.
   * Undefined if there is no such type.
   */
  async inspect(name: string): Promise<Inspected | undefined> {
    const typeName = typeNameOf(name);
    const type = this.#types.get(typeName);
    if (!type) return undefined;
    const memory = type.inspect(name.slice(typeName.length + 1));
    const lower = this.#options.lower.map(async (tier) => {
      const [found] = await tier.read([name]);
      const isValid = found !== undefined && this.#allows(name, found.entry.tags, found.entry.version);
      return { level: tier.name, found, isValid };
    });
    const tags = memory?.tags ?? [];
    return {
      ...{
        memory,
        lower: await Promise.all(lower),
        floors: this.#floors.of({ key: name, tags }, memory?.version ?? []),
      },
      memoryBytes: memory?.value === undefined ? 0 : type.bytesOf(memory.value),
    };
  }

  /** The types of values, by name. */
  types(): ReadonlyMap<string, TypedCache<unknown>> {
    return this.#types;
  }

  /** The floors, for a process that continues. */
  keep(): readonly KeptFloors[] {
    return this.#floors.keep();
  }

  /** What is not published yet, for a process that continues. */
  pending(): readonly Scope[] {
    return [...this.#pending];
  }

  /** Deletes from memory what may not be answered any more. */
  sweep(): void {
    for (const type of this.#types.values()) type.sweep();
  }

  #shares(): number {
    return Array.from(this.#types.values()).reduce((sum, { share }) => sum + share, 0);
  }

  async #raiseAll(scopes: readonly Scope[], stamp: Stamp): Promise<boolean> {
    this.onRaised(scopes, stamp);
    const keys = scopes.flatMap((scope) => ('key' in scope ? [scope.key] : []));
    const raised = await Promise.all(
      keys.flatMap((key) => this.#levelsOf(key).map((tier) => tier.raise(key, [stamp]))),
    );
    return raised.every((isRaised) => isRaised);
  }

  /** Publishes part by part. What is left could not be published: its caller gets `degraded`, and it is tried again. */
  async #publish(scopes: Iterable<Scope>, onPublished?: (part: readonly Scope[]) => void) {
    const left: Scope[] = [];
    let isRaised = true;
    for (const part of partsOf(scopes)) {
      const stamp = left.length === 0 && (await this.#tryPublish(part));
      if (!stamp) left.push(...part);
      else {
        isRaised = (await this.#raiseAll(part, stamp)) && isRaised;
        onPublished?.(part);
      }
    }
    return { left, isRaised };
  }

  /** Those that may have a key. If its type is not known here, another process may keep it in any. */
  #levelsOf(key: string): readonly LowerTier[] {
    return this.#types.get(typeNameOf(key))?.lower ?? this.#options.lower;
  }

  async #tryPublish(scopes: readonly Scope[]): Promise<Stamp | undefined> {
    // Its caller gets `degraded`, and it is tried again.
    return await this.#options.invalidations.raise(scopes).catch(() => undefined);
  }

  /** With too many, everything is invalid. Copies are added, so that each can be published for itself. */
  #addPending(scopes: readonly Scope[]): void {
    const isTooMany = this.#pending.size + scopes.length > MAX_PENDING;
    if (isTooMany) this.#pending.clear();
    for (const scope of isTooMany ? [{ all: true } as const] : scopes) {
      this.#pending.add({ ...scope });
      this.#pendingFloors.raise(scope, PENDING_STAMP);
    }
  }

  async #publishPending(): Promise<void> {
    if (this.#pending.size === 0) return;
    await this.#publish([...this.#pending], (part) => {
      for (const scope of part) this.#pending.delete(scope);
    });
    this.#pendingFloors = new Floors(MAX_PENDING);
    for (const scope of this.#pending) this.#pendingFloors.raise(scope, PENDING_STAMP);
  }

  #drop(scope: Scope): void {
    for (const [name, type] of this.#types) {
      if ('key' in scope) {
        if (scope.key.startsWith(`${name}:`)) type.drop({ key: scope.key.slice(name.length + 1) });
      } else if ('tag' in scope) type.drop(scope);
      else if ('all' in scope || overlap(scope.prefix, `${name}:`)) type.drop({ all: true });
    }
  }

  #allows(key: string, tags: readonly string[], version: Version): boolean {
    const guarded = { key, tags };
    return this.#pendingFloors.allows(guarded, []) && this.#floors.allows(guarded, version);
  }
}

const PENDING_STAMP: Stamp = { domain: PENDING, epoch: 0, sequence: 1 };

const overlap = (a: string, b: string) => a.startsWith(b) || b.startsWith(a);
