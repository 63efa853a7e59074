import type { Cache } from '@odograph/cache/cache';
import type { Client } from '@odograph/client';
import { backoffMs } from '@odograph/kernel/backoff';
import { pause } from '@odograph/kernel/clock';
import type { Position } from '@odograph/kernel/position';
import type { Directory } from '../statuses/directory.ts';
import type { Following } from '../statuses/following.ts';
import { domainOf, stampOf } from '../statuses/stamps.ts';
import type { StatusSource } from '../statuses/status-source.ts';
import type { Statuses } from '../statuses/statuses.ts';
import type { Watches } from '../watch/watches.ts';
import { isRestored, LogFollower } from './log-follower.ts';

interface FeedDeps {
  readonly client: Client;
  readonly cache: Cache;
  readonly source: StatusSource;
  readonly statuses: Statuses;
  readonly directory: Directory;
  readonly watches: Watches;
  readonly follower: FollowerSlot;
  readonly partitionCount: number;
  readonly onTrouble: (error: unknown) => void;
  readonly onSuccess: () => void;
}

/** The follower of now: there is another one after the log was restored. */
export class FollowerSlot implements Following {
  current: LogFollower | undefined;

  positionOf(partition: number): Position {
    return this.current?.positionOf(partition) ?? { partition, sequence: 0 };
  }

  silentMs(partition: number): number {
    return this.current?.silentMs(partition) ?? Number.POSITIVE_INFINITY;
  }

  isLive(partition: number): boolean {
    return this.current?.isLive(partition) ?? false;
  }

  async reach(position: Position, signal: AbortSignal): Promise<boolean> {
    return (await this.current?.reach(position, signal)) ?? false;
  }
}

const BACKOFF = { firstMs: 200, maxMs: 5_000 };

/**
 * Keeps the statuses at the head of the log. It begins where the log ends, then lists all vehicles: what comes from the log
 * meanwhile and what is listed go together in any order.
 */
export class Feed {
  readonly #deps: FeedDeps;
  readonly #stopping = new AbortController();
  #isComplete = false;
  #running: Promise<void> | undefined;

  constructor(deps: FeedDeps) {
    this.#deps = deps;
  }

  /** Whether all vehicles are in the directory. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#deps.follower.current?.stop();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        await this.#followFromNow();
      } catch (error) {
        if (signal.aborted) return;
        this.#deps.onTrouble(error);
        if (isRestored(error)) await this.#forgetAll();
      }
      await pause(backoffMs(failures, BACKOFF), signal);
    }
  }

  /** Until the service stops, or something fails that cannot be tried again from the same place. */
  async #followFromNow(): Promise<void> {
    const { client, cache, statuses, follower, partitionCount, onTrouble, onSuccess } = this.#deps;
    const { signal } = this.#stopping;
    const ends = new Map((await client.watermarks({ signal })).map((end) => [end.partition, end]));
    const starts = Array.from({ length: partitionCount }, (_, partition) => {
      return ends.get(partition) ?? { partition, sequence: 0 };
    });
    const current = new LogFollower(
      {
        ...{ client, onTrouble, onSuccess, now: () => performance.now() },
        apply: (batch) => statuses.apply(batch),
      },
      starts,
    );
    follower.current = current;
    // What Redis has from before may lack events that were not seen here.
    for (const start of starts) cache.raise({ all: true }, stampOf(start));
    try {
      await Promise.all([current.run(), this.#listAll(current)]);
    } finally {
      current.stop();
    }
  }

  async #listAll(current: LogFollower): Promise<void> {
    const { source, statuses, cache } = this.#deps;
    const seen = cache.seen();
    try {
      for await (const { vehicleId, value, version } of source.all(this.#stopping.signal))
        if (value) statuses.listed(vehicleId, value, [...version, seen]);
      this.#isComplete = true;
    } catch (error) {
      // The follower would go on for ever.
      current.stop();
      throw error;
    }
  }

  /** The log is another one from here on: its positions say nothing of what was held. */
  async #forgetAll(): Promise<void> {
    const { cache, directory, watches, partitionCount } = this.#deps;
    this.#isComplete = false;
    directory.clear();
    for (let partition = 0; partition < partitionCount; partition += 1) cache.forget(domainOf(partition));
    await cache.invalidate([{ prefix: 'status:' }]);
    watches.beginAgain();
  }
}
