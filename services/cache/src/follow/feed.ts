import type { Cache } from '@odograph/cache/cache';
import type { Client } from '@odograph/client';
import type { LogEvent } from '@odograph/client/log';
import { decodeEvent } from '@odograph/contracts/event-catalogue';
import { backoffMs } from '@odograph/kernel/backoff';
import { pause } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import { comparePositions, formatPosition, type Position } from '@odograph/kernel/position';
import { isVehicleId } from '@odograph/kernel/vehicle-id';
import type { Outdating } from '../calls/outdating.ts';
import { domainOf as callDomainOf } from '../calls/stamps.ts';
import type { SeenEvent } from '../domain/seen-event.ts';
import type { Directory } from '../statuses/directory.ts';
import type { Following } from '../statuses/following.ts';
import { domainOf, stampOf } from '../statuses/stamps.ts';
import type { StatusSource } from '../statuses/status-source.ts';
import type { Statuses } from '../statuses/statuses.ts';
import type { Watches } from '../watch/watches.ts';
import { isRestored, LogFollower } from './log-follower.ts';

interface FeedDeps {
  readonly client: Client;
  /** Up to where an earlier process has seen the log. */
  readonly known: readonly Position[];
  readonly outdating: Outdating;
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
/** Envelopes that an earlier process has not seen and that are read over. With more, all that was kept is invalid instead. */
const MAX_READ_OVER = 10_000;

/**
 * Keeps the statuses at the head of the log. It begins where the log ends, then lists all vehicles: what comes from the log
 * meanwhile and what is listed go together in any order. Of what the log had before, only that is looked for which makes
 * answers invalid that were kept.
 */
export class Feed {
  readonly #deps: FeedDeps;
  readonly #stopping = new AbortController();
  /** Up to where the log was seen before it is followed. */
  #seen: readonly Position[];
  #isComplete = false;
  #running: Promise<void> | undefined;

  constructor(deps: FeedDeps) {
    this.#deps = deps;
    this.#seen = deps.known;
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
    const { client, cache, follower, outdating, partitionCount, onTrouble, onSuccess } = this.#deps;
    const { signal } = this.#stopping;
    const ends = new Map((await client.watermarks({ signal })).map((end) => [end.partition, end]));
    const starts = Array.from({ length: partitionCount }, (_, partition) => {
      return ends.get(partition) ?? { partition, sequence: 0 };
    });
    if (outdating.isComplete && follower.current) this.#seen = follower.current.positions();
    outdating.begin();
    this.#isComplete = false;
    const current = new LogFollower(
      {
        ...{ client, onTrouble, onSuccess, now: () => performance.now() },
        apply: ({ events }) => {
          for (const logged of events) this.#apply(logged);
        },
      },
      starts,
    );
    follower.current = current;
    // What Redis has from before may lack events that were not seen here.
    for (const start of starts) cache.raise({ all: true }, stampOf(start));
    const beside = async () => {
      try {
        await Promise.all([this.#listAll(), this.#readOver(starts)]);
      } catch (error) {
        // The follower would go on for ever.
        current.stop();
        throw error;
      }
    };
    try {
      await Promise.all([current.run(), beside()]);
    } finally {
      current.stop();
    }
  }

  #apply(logged: LogEvent): void {
    // A part of the log is lost: what was kept may have it.
    if (logged.event.type === 'LogGapFound') this.#outdateAll(logged.position);
    if (!isVehicleId(logged.event.subject)) return;
    const seen = seenEvent(logged);
    this.#deps.outdating.apply(seen);
    this.#deps.statuses.apply(seen);
  }

  async #listAll(): Promise<void> {
    const { source, statuses, cache, watches } = this.#deps;
    const seen = cache.seen();
    for await (const one of source.all(this.#stopping.signal)) statuses.listed(one, seen);
    this.#isComplete = true;
    // What the log had before it was followed has reached no watch.
    watches.beginAgain();
  }

  #outdateAll(position: Position): void {
    this.#deps.cache.raise({ all: true }, stampOf(position));
    this.#deps.outdating.skip(position);
  }

  /** Looks for what has made kept answers invalid in what the log had before it was followed. */
  async #readOver(starts: readonly Position[]): Promise<void> {
    const { outdating, onTrouble } = this.#deps;
    for (const start of starts) {
      const seen = this.#seen.find(({ partition }) => partition === start.partition);
      if (seen && seen.sequence > start.sequence) throw endsBefore(seen, start);
      try {
        if (seen && start.sequence - seen.sequence <= MAX_READ_OVER) await this.#readBetween(seen, start);
        else outdating.skip(start);
      } catch (error) {
        if (this.#stopping.signal.aborted) throw error;
        onTrouble(error);
        outdating.skip(start);
      }
    }
    outdating.complete();
  }

  async #readBetween(after: Position, through: Position): Promise<void> {
    if (comparePositions(after, through) >= 0) return;
    const { client, outdating } = this.#deps;
    const { signal } = this.#stopping;
    const partitions = [after.partition];
    for await (const logged of client.readLog({ after: [after], partitions, signal }))
      if (logged.event.type === 'LogGapFound') this.#outdateAll(logged.position);
      else if (isVehicleId(logged.event.subject)) outdating.apply(seenEvent(logged));
  }

  /** The log is another one from here on: its positions say nothing of what was held. */
  async #forgetAll(): Promise<void> {
    const { cache, directory, follower, partitionCount } = this.#deps;
    this.#seen = [];
    follower.current = undefined;
    directory.clear();
    for (let partition = 0; partition < partitionCount; partition += 1)
      for (const domain of [domainOf(partition), callDomainOf(partition)]) cache.forget(domain);
    await cache.invalidate([{ all: true }]);
  }
}

function seenEvent({ position, event }: LogEvent): SeenEvent {
  return { vehicleId: event.subject, position, event: decoded(event) };
}

function decoded(event: LogEvent['event']): SeenEvent['event'] {
  try {
    return decodeEvent(event);
  } catch {
    return undefined;
  }
}

function endsBefore(seen: Position, end: Position): Fault {
  const message = `the log ends at ${formatPosition(end)}, before ${formatPosition(seen)}, which was seen: it was restored`;
  return new Fault('OUT_OF_RANGE', message);
}
