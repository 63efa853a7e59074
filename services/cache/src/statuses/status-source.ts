import type { Load, Loaded, LoadMany } from '@odograph/cache/answer';
import { covers, type Stamp, type Version } from '@odograph/cache/version';
import type { Client } from '@odograph/client';
import type { VehicleStatus as WireStatus } from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { Fault, isFault } from '@odograph/kernel/fault';
import { partitionOf } from '@odograph/kernel/partition';
import type { Position } from '@odograph/kernel/position';
import { status } from '@odograph/projections/status';
import { decodeState } from '@odograph/projections/status-state';
import type { CachedStatus } from './cached-status.ts';
import { positionOf, stampOf } from './stamps.ts';

interface StatusSourceDeps {
  readonly client: Client;
  readonly partitionCount: number;
  /** Up to where a partition is followed: history must have come as far. */
  readonly followedTo: (partition: number) => Position;
  /** Whether what is new in a partition arrives. Then a status that was loaded is kept fresh as one that came from the log. */
  readonly isLive: (partition: number) => boolean;
}

/** A vehicle with its status, as history lists it. */
export interface ListedStatus extends Loaded<CachedStatus> {
  readonly vehicleId: string;
}

const LARGEST_PAGE = 1_000;
/** Ids in a request, whose bytes are limited. */
const IDS_A_REQUEST = 300;
/** A page of history takes a second at most, except under load. */
const PAGE_DEADLINE_MS = 30_000;

/** The statuses as history has them. */
export class StatusSource {
  readonly #deps: StatusSourceDeps;

  constructor(deps: StatusSourceDeps) {
    this.#deps = deps;
  }

  /** Of one vehicle; it reflects at least a version, and what was followed when it is called. */
  load(vehicleId: string): Load<CachedStatus> {
    return async (signal, atLeast) => {
      const stamp = this.#least(vehicleId, atLeast);
      const options = { withState: true, signal, maxAttempts: 3, ...atLeastOf([stamp]) };
      try {
        const answer = await this.#deps.client.status(vehicleId, options);
        const { position, projectionVersion } = answer;
        return {
          value: cachedFrom(answer.status, projectionVersion),
          version: [stampOf(position, projectionVersion)],
          writer: this.#writerOf(position.partition),
        };
      } catch (error) {
        // History has looked up to there at least.
        if (isFault(error, 'NOT_FOUND')) return { value: undefined, version: [stamp] };
        throw error;
      }
    };
  }

  /** Of several vehicles. */
  loadMany(): LoadMany<CachedStatus> {
    return async (vehicleIds, signal) => {
      const loaded = new Map<string, Loaded<CachedStatus>>();
      for (let at = 0; at < vehicleIds.length; at += IDS_A_REQUEST) {
        const some = vehicleIds.slice(at, at + IDS_A_REQUEST);
        const floors = new Map(some.map((vehicleId) => [vehicleId, this.#least(vehicleId, [])]));
        for await (const { vehicleId, ...one } of this.#listed(
          { vehicleIds: some, includeRetired: true },
          floors.values(),
          signal,
        ))
          loaded.set(vehicleId, one);
        for (const [vehicleId, stamp] of floors)
          if (!loaded.has(vehicleId)) loaded.set(vehicleId, { value: undefined, version: [stamp] });
      }
      return loaded;
    };
  }

  /** Of all vehicles. */
  all(signal: AbortSignal): AsyncGenerator<ListedStatus> {
    const partitions = Array.from({ length: this.#deps.partitionCount }, (_, partition) => partition);
    const floors = partitions.map((partition) => stampOf(this.#deps.followedTo(partition)));
    return this.#listed({ includeRetired: true }, floors, signal);
  }

  async *#listed(
    which: { readonly vehicleIds?: readonly string[]; readonly includeRetired: boolean },
    floors: Iterable<Stamp>,
    signal: AbortSignal,
  ): AsyncGenerator<ListedStatus> {
    const atLeast = positionsOf(floors);
    for (let pageToken: string | undefined = ''; pageToken !== undefined; ) {
      const page = await this.#deps.client.statusPage({
        ...{ ...which, withState: true, pageSize: LARGEST_PAGE, pageToken, atLeast, signal },
        ...{ deadlineMs: PAGE_DEADLINE_MS, maxAttempts: 5 },
      });
      const stamps = page.positions.map((position) => stampOf(position, page.projectionVersion));
      for (const one of page.statuses) {
        const partition = partitionOf(one.vehicleId, this.#deps.partitionCount);
        const version = stamps.filter(({ domain }) => domain === stampOf({ partition, sequence: 0 }).domain);
        const value = cachedFrom(one, page.projectionVersion);
        yield { vehicleId: one.vehicleId, value, version, writer: this.#writerOf(partition) };
      }
      pageToken = page.nextPageToken || undefined;
    }
  }

  #writerOf(partition: number): 'feed' | 'load' {
    return this.#deps.isLive(partition) ? 'feed' : 'load';
  }

  /** What history must reflect of a vehicle: what is asked for, and what was followed. */
  #least(vehicleId: string, atLeast: Version): Stamp {
    const partition = partitionOf(vehicleId, this.#deps.partitionCount);
    const followed = stampOf(this.#deps.followedTo(partition));
    const asked = atLeast.find(({ domain }) => domain === followed.domain);
    return asked && covers([asked], followed) ? asked : followed;
  }
}

function cachedFrom({ state, parkedAt, vehicleId }: WireStatus, projectionVersion: number): CachedStatus {
  if (projectionVersion !== status.version)
    throw new Fault(
      'UNAVAILABLE',
      `history has version ${projectionVersion} of the projection status, and this service version ${status.version}: run the same release of both`,
    );
  if (!state) throw new Fault('INTERNAL', `history sent the status of ${vehicleId} without its state`);
  return { slice: decodeState(state), parkedAt };
}

function atLeastOf([stamp]: readonly [Stamp]): { readonly atLeast?: Position } {
  const position = positionOf(stamp);
  return position.sequence === 0 ? {} : { atLeast: position };
}

/** One for each partition, without those of which nothing was followed. */
function positionsOf(stamps: Iterable<Stamp>): readonly Position[] {
  const last = new Map<string, Stamp>();
  for (const stamp of stamps) if (!covers([...last.values()], stamp)) last.set(stamp.domain, stamp);
  return Array.from(last.values(), positionOf).filter(({ sequence }) => sequence > 0);
}
