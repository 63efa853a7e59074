import type { Client } from '@odograph/client';
import { pause } from '@odograph/kernel/clock';
import { isFault } from '@odograph/kernel/fault';
import { connectCache, latestOf } from '../client/cache.ts';
import { connectHistory } from '../client/history.ts';
import type { Round, Scenario } from '../round/round.ts';

const DECISIONS = ['VehicleRegistered', 'VehicleUpdated'];
const VEHICLES = 6;
const READERS = 4;
const CHANGES = 12;
const ANSWER_WITHIN_MS = 2_000;
const CATCH_UP_WITHIN_MS = 3_000;

/**
 * Each vehicle changes seldom, so an answer that is too old stays so. Connections to history are slow, so that values are always
 * on their way while they change and are made invalid.
 */
export const cacheRaces: Scenario = {
  name: 'cache races',
  description:
    'values of two caches are loaded over slow connections, and are made invalid and change meanwhile; a cache and Redis are killed',
  weight: 3,
  caches: 2,
  allowedEvents: DECISIONS,
  async run(round) {
    const { redis, caches } = round.cluster;
    await using races = new Races(round);
    for (let count = 0; count < CHANGES; count += 1) {
      if (count === 4) await redis?.kill();
      if (count === 5) await redis?.start();
      if (count === 7) await caches[1]?.kill();
      if (count === 8) await caches[1]?.start();
      await races.change();
    }
    const { behind, old, checked } = races;
    const some = (found: readonly string[]) => found.slice(0, 3).join('; ');
    round.expect('a cache has what was acknowledged', behind.length === 0, some(behind));
    round.expect('what is read after a delete is not older than it', old.length === 0, some(old));
    round.expect('deletes are acknowledged by both caches', checked > 10, `${checked} answers were checked`);
  },
};

/** Readers and deleters of a few vehicles on two caches, until it is disposed of. */
class Races {
  /** Answers that lack what was acknowledged, and those that are from before a delete. */
  readonly behind: string[] = [];
  readonly old: string[] = [];
  checked = 0;
  readonly #round: Round;
  readonly #history: Client;
  readonly #caches: readonly Client[];
  readonly #vehicleIds = Array.from({ length: VEHICLES }, (_, at) => `cached-${at}`);
  readonly #stopping = new AbortController();
  readonly #working: Promise<unknown>;

  constructor(round: Round) {
    const { cluster, random } = round;
    this.#round = round;
    this.#history = connectHistory(cluster.endpoints.histories[0] ?? '');
    this.#caches = cluster.endpoints.caches.map(connectCache);
    for (const { name } of cluster.caches) {
      const cache = name as 'cache-1';
      round.link(`${cache}→history-1`).slow({ latencyMs: random.between(20, 80), jitterMs: 40 });
      round.link(`${cache}→redis`).slow({ latencyMs: random.between(1, 20), jitterMs: 10 });
    }
    const readers = this.#caches.flatMap((cache) =>
      Array.from({ length: READERS }, () =>
        this.#untilStopped(() => this.#versionsIn(cache, this.#anyVehicle())),
      ),
    );
    this.#working = Promise.all([...readers, this.#untilStopped(() => this.#deleteSome())]);
  }

  /** A vehicle changes: an answer at its position has the change, and an answer after a delete has it too. */
  async change(): Promise<void> {
    const vehicleId = this.#anyVehicle();
    const decided = await this.#decide(vehicleId);
    if (!decided) return;
    const { version, position: atLeast } = decided;
    for (const cache of this.#caches) {
      for (const shown of await this.#versionsIn(cache, vehicleId, { atLeast }))
        if (shown < version) this.behind.push(`${vehicleId} is at ${shown}, acknowledged was ${version}`);
    }
    if (!(await this.#isDeleted(vehicleId))) return;
    for (const cache of this.#caches) {
      const shown = await this.#versionIn(cache, vehicleId);
      if (shown === undefined) continue;
      this.checked += 1;
      if (shown < version)
        this.old.push(`${vehicleId} is at ${shown}, and was at ${version} before the delete`);
    }
  }

  async #decide(vehicleId: string) {
    const known = await orNothing(this.#history.vehicle(vehicleId));
    return await orNothing(
      known
        ? this.#history.updateVehicle(vehicleId, { displayName: `${this.#round.random.index(1e6)}` })
        : this.#history.registerVehicle(vehicleId, { fleet: 'cached' }),
    );
  }

  /** Whether a delete was acknowledged, and both caches have it. */
  async #isDeleted(vehicleId: string): Promise<boolean> {
    const by = this.#anyCache();
    const done = await orNothing(by.invalidateCache({ keys: [`status:${vehicleId}`] }, IN_TIME));
    const at = await orNothing(by.cacheStats(IN_TIME));
    if (!done || done.isDegraded || !at) return false;
    const sequence = at.invalidations?.sequence ?? 0;
    const deadlineAtMs = performance.now() + CATCH_UP_WITHIN_MS;
    while (performance.now() < deadlineAtMs) {
      const stats = await Promise.all(this.#caches.map((cache) => orNothing(cache.cacheStats(IN_TIME))));
      if (stats.every((each) => each?.isInvalidationsLive && (each.invalidations?.sequence ?? 0) >= sequence))
        return true;
      await pause(20);
    }
    return false;
  }

  async #deleteSome(): Promise<void> {
    const { random } = this.#round;
    const keys = random.chance(0.2) ? ['status:*'] : [`status:${this.#anyVehicle()}`];
    await orNothing(this.#anyCache().invalidateCache({ keys }, IN_TIME));
    await pause(random.between(20, 60));
  }

  /** Of its status, and of its registration as history has answered it; without those that are not answered. */
  async #versionsIn(cache: Client, vehicleId: string, options = {}): Promise<readonly number[]> {
    const registration = orNothing(cache.cachedVehicle(vehicleId, { ...IN_TIME, ...options }));
    const version = await this.#versionIn(cache, vehicleId, options);
    return [version ?? [], (await registration)?.vehicle.version ?? []].flat();
  }

  async #versionIn(cache: Client, vehicleId: string, options = {}): Promise<number | undefined> {
    return (await orNothing(latestOf(cache, vehicleId, { ...IN_TIME, ...options })))?.registrationVersion;
  }

  async #untilStopped(work: () => Promise<unknown>): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await work();
      // A cache that is away refuses at once.
      await pause(1);
    }
  }

  #anyVehicle(): string {
    return this.#vehicleIds[this.#round.random.index(VEHICLES)] as string;
  }

  #anyCache(): Client {
    return this.#caches[this.#round.random.index(this.#caches.length)] as Client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#working;
    for (const client of [this.#history, ...this.#caches]) client.close();
  }
}

const IN_TIME = { deadlineMs: ANSWER_WITHIN_MS };

/** What cannot be asked now breaks no rule. */
async function orNothing<T>(asking: Promise<T>): Promise<T | undefined> {
  return await asking.catch((error: unknown) => {
    if (!isFault(error)) throw error;
    return undefined;
  });
}
