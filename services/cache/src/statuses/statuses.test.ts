import { setImmediate as nextTurn } from 'node:timers/promises';
import { Breaker } from '@odograph/cache/breaker';
import { Cache } from '@odograph/cache/cache';
import { countsOf } from '@odograph/cache/cache.fixture';
import type { StoredEntry } from '@odograph/cache/entry-bytes';
import { TestBus } from '@odograph/cache/invalidations.fixture';
import { LowerTier } from '@odograph/cache/lower-tier';
import type { Tier } from '@odograph/cache/tier';
import { covers, isOlder, mergeFloors, type Version } from '@odograph/cache/version';
import { DEFAULT_REGISTRATION } from '@odograph/kernel/registration';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import { fold } from '@odograph/projections/deliver.fixture';
import { status } from '@odograph/projections/status';
import { eventually } from '@odograph/testing/eventually';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EMPTY_PROFILE } from '../domain/profile.ts';
import { type CachedStatus, statusType } from './cached-status.ts';
import { Directory, type ProfileChange } from './directory.ts';
import type { Following } from './following.ts';
import { stampOf } from './stamps.ts';
import type { StatusSource } from './status-source.ts';
import { type KnownStatus, Statuses } from './statuses.ts';

const NO_ANSWERS: Promise<readonly []> = Promise.resolve([]);

const at = (sequence: number) => ({ partition: 0, sequence });

/** A level below memory, by the rule of all tiers. */
class MapTier implements Tier {
  readonly name = 'redis';
  readonly #held = new Map<string, { entry?: StoredEntry; floors: Version }>();

  async read(keys: readonly string[]) {
    return keys.map((key) => {
      const entry = this.#held.get(key)?.entry;
      return entry && { entry, ageMs: 0 };
    });
  }

  async write(key: string, entry: StoredEntry) {
    const { entry: held, floors = [] } = this.#held.get(key) ?? {};
    if (!floors.every((floor) => covers(entry.version, floor))) return 'below' as const;
    if (held && isOlder(entry.version, held.version)) return 'older' as const;
    this.#held.set(key, { entry, floors });
    return 'stored' as const;
  }

  async raise(key: string, floors: Version) {
    this.#held.set(key, { floors: mergeFloors(this.#held.get(key)?.floors ?? [], floors) });
  }
}

/** A log of one partition, history which answers from it when tests let it, and statuses that follow it one event behind another. */
class World {
  readonly #log: VehicleEvent[] = [];
  #followed = 0;
  /** Answers of history that are under way. */
  readonly #underWay: (() => void)[] = [];
  /** From this event on, history cannot apply those of its vehicle. */
  parkedFrom = Number.POSITIVE_INFINITY;
  readonly directory = new Directory();
  readonly changes: [string, ProfileChange][] = [];
  readonly #typed;
  readonly statuses: Statuses;

  constructor() {
    const counts = countsOf([]);
    const now = () => performance.now();
    const lower = new LowerTier({
      ...{
        tier: new MapTier(),
        breaker: new Breaker({ now }),
        patienceMs: 5_000,
        writeMs: 5_000,
        raiseMs: 5_000,
        maxRepairs: 10,
        counts,
      },
      writeBehind: { maxItems: 1, maxAgeMs: 0, maxBytes: 1_000_000 },
      onFailure: () => undefined,
    });
    const invalidations = new TestBus().join({ onRaised: () => undefined, onMissed: () => undefined });
    const cache = new Cache({
      ...{ lower: [lower], leases: undefined, counts, invalidations, maxBytes: 1_000_000 },
      ...{ now, random: () => 0.5 },
    });
    this.#typed = cache.addType(statusType);
    const following: Following = {
      positionOf: () => at(this.#followed),
      ...{ silentMs: () => 0, isLive: () => true },
      reach: async ({ sequence }) => this.#followed >= sequence,
    };
    const source: Pick<StatusSource, 'load' | 'loadMany'> = {
      load: (vehicleId) => async () => await this.#answer(() => this.#loaded(vehicleId)),
      loadMany: () => async (ids) =>
        await this.#answer(() => new Map(ids.map((vehicleId) => [vehicleId, this.#loaded(vehicleId)]))),
    };
    this.statuses = new Statuses({
      ...{ cache, typed: this.#typed, directory: this.directory, following, partitionCount: 1 },
      source: source as StatusSource,
      onChange: (vehicleId, change) => void this.changes.push([vehicleId, change]),
    });
  }

  /** Each report says its own place in the log as the speed. */
  report(vehicleId: string): void {
    const sequence = this.#log.length + 1;
    const samples = [{ observedAtMs: sequence, signals: { speed_kmh: sequence } }];
    const head = { subject: vehicleId, reportId: `r${sequence}`, observedAtMs: sequence };
    this.#log.push({ type: 'TelemetryReported', ...head, receivedAtMs: sequence, samples });
  }

  register(vehicleId: string, fleet: string): void {
    const sequence = this.#log.length + 1;
    const times = { observedAtMs: sequence, receivedAtMs: sequence };
    const decided = { reportId: `d${sequence}`, commandHash: '', aggregateVersion: sequence };
    const registration = { ...DEFAULT_REGISTRATION, fleet };
    this.#log.push({ type: 'VehicleRegistered', subject: vehicleId, ...times, ...decided, registration });
  }

  /** The next event arrives. */
  deliver(): void {
    const event = this.#log[this.#followed];
    if (!event) return;
    this.statuses.apply({ vehicleId: event.subject, event, position: at(this.#followed + 1) });
    this.#followed += 1;
  }

  /** History answers what it was asked first. */
  answerOne(): void {
    this.#underWay.shift()?.();
  }

  /** Waits for something, while history answers everything. */
  async settled<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = () => {
      isDone = true;
    };
    work.then(done, done);
    while (!isDone) {
      this.answerOne();
      await nextTurn();
    }
    return await work;
  }

  evict(): void {
    this.#typed.clear();
  }

  get(vehicleId: string): Promise<KnownStatus | undefined> {
    const { signal } = new AbortController();
    return this.statuses.get(vehicleId, { openSignal: () => signal });
  }

  /** What is wrong with an answer: it lacks an event that its position includes. */
  lacks({ vehicleId, status: { slice }, position }: KnownStatus): string | undefined {
    const included = this.#log.slice(0, position.sequence);
    const last = included.findLastIndex(({ subject }) => subject === vehicleId) + 1;
    const shown = slice.latest.get('speed_kmh')?.value ?? 0;
    return Number(shown) < last
      ? `${vehicleId} at ${position.sequence} shows ${shown}, not ${last}`
      : undefined;
  }

  /** What is read at once, answered when tests like. */
  async #answer<T>(read: () => T): Promise<T> {
    const answer = read();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#underWay.push(resolve);
    await promise;
    return answer;
  }

  #loaded(vehicleId: string) {
    const own = this.#log.filter(({ subject }) => subject === vehicleId);
    const known = own.filter(({ observedAtMs }) => observedAtMs < this.parkedFrom);
    const slice = fold(status, known).get('');
    const parkedAt = known.length < own.length ? at(this.parkedFrom) : undefined;
    const value: CachedStatus | undefined = slice && { slice, parkedAt };
    return { value, version: [stampOf(at(this.#log.length))], writer: 'feed' as const };
  }
}

type Answers = Promise<readonly (KnownStatus | undefined)[]>;
type Step = (world: World, vehicleId: string) => Answers | undefined;

const nothing = (_: unknown): undefined => undefined;
const { signal } = new AbortController();
const STEPS: Readonly<Record<string, Step>> = {
  report: (world, vehicleId) => nothing(world.report(vehicleId)),
  deliver: (world) => nothing(world.deliver()),
  get: (world, vehicleId) => world.get(vehicleId).then((known) => [known]),
  getMany: (world) => world.statuses.getMany(['a', 'b'], signal),
  answer: (world) => nothing(world.answerOne()),
  evict: (world) => nothing(world.evict()),
};
const anySteps = fc.array(
  fc.record({
    kind: fc.constantFrom(
      'report',
      'report',
      'deliver',
      'deliver',
      'get',
      'get',
      'answer',
      ...Object.keys(STEPS),
    ),
    vehicleId: fc.constantFrom('a', 'b'),
  }),
  { minLength: 10, maxLength: 40 },
);

test('whatever is under way, read, folded or evicted: an answer has every event that its position includes', async () => {
  await fc.assert(
    fc.asyncProperty(anySteps, async (steps) => {
      const world = new World();
      const asked: Answers[] = [];
      for (const { kind, vehicleId } of steps) {
        asked.push(STEPS[kind]?.(world, vehicleId) ?? NO_ANSWERS);
        await nextTurn();
      }
      const answers = (await world.settled(Promise.all(asked))).flat();
      expect(answers.flatMap((known) => (known && world.lacks(known)) ?? [])).toEqual([]);
    }),
    { numRuns: 300 },
  );
}, 60_000);

test('a status that was loaded with an event of a new vehicle is in lists and watches when the event arrives', async () => {
  const world = new World();
  world.report('a');
  await world.settled(world.get('a'));
  world.changes.length = 0;
  world.deliver();
  expect(world.directory.profileOf('a')).toBeDefined();
  expect(world.changes.map(([vehicleId]) => vehicleId)).toEqual(['a']);
});

test('what follows a parked event does not count in lists, as in history', async () => {
  const world = new World();
  const fleetOf = () => world.directory.profileOf('a')?.registration?.value.fleet;
  world.register('a', 'north');
  world.deliver();
  world.report('a');
  world.parkedFrom = 2;
  expect((await world.settled(world.get('a')))?.status.parkedAt).toEqual(at(2));
  world.deliver();
  world.register('a', 'south');
  world.deliver();
  expect(fleetOf()).toBe('north');
  world.parkedFrom = Number.POSITIVE_INFINITY;
  world.changes.length = 0;
  world.report('a');
  world.deliver();
  await world.settled(eventually(() => expect(fleetOf()).toBe('south')));
  expect(world.changes.map(([vehicleId]) => vehicleId)).toContain('a');
});

test('that an event is parked is learned also from a level that another process has written', async () => {
  const world = new World();
  world.register('a', 'north');
  world.report('a');
  world.parkedFrom = 2;
  world.deliver();
  world.deliver();
  const known = await world.settled(world.get('a'));
  await nextTurn();
  world.evict();
  world.directory.take('a', EMPTY_PROFILE, false);
  expect((await world.settled(world.get('a')))?.status).toEqual(known?.status);
  expect(world.directory.isParked('a')).toBe(true);
});
