import {
  type AgedStatus,
  type Freshness,
  StaleReason,
} from '@odograph/contracts/generated/odograph/cache/v1/vehicle_status';
import { statusBytes, statusToWire } from '@odograph/contracts/status-payload';
import { statusOf } from '@odograph/projections/status';
import type { Following, Reflected, Staleness } from '../statuses/following.ts';
import type { KnownStatus } from '../statuses/statuses.ts';

const STALE_REASONS: Readonly<Record<Staleness, StaleReason>> = {
  'log not followed': StaleReason.LOG_NOT_FOLLOWED,
  'source slow': StaleReason.SOURCE_SLOW,
  'source failed': StaleReason.SOURCE_FAILED,
};

/** A status as it is sent. */
export function agedStatus({ vehicleId, status: { slice, parkedAt }, ...how }: KnownStatus): AgedStatus {
  const known = statusOf(slice);
  return {
    status: known && { ...statusToWire(known), vehicleId, parkedAt },
    ...{ freshness: freshnessOf(how), position: how.position },
  };
}

export function freshnessOf({ ageMs, staleBecause }: Pick<Reflected, 'ageMs' | 'staleBecause'>): Freshness {
  return {
    ageMs: Math.round(ageMs),
    staleReason: staleBecause ? STALE_REASONS[staleBecause] : StaleReason.UNSPECIFIED,
  };
}

/** The bytes of a status as it is sent, or a few more. */
export function bytesOf({ status: { slice } }: KnownStatus): number {
  const known = statusOf(slice);
  return known ? statusBytes(known) : 0;
}

/** How old the statuses of all vehicles may be. */
export function overallFreshness(
  follower: Pick<Following, 'silentMs' | 'isLive'>,
  partitionCount: number,
): Freshness {
  const partitions = Array.from({ length: partitionCount }, (_, partition) => partition);
  const silentMs = Math.max(0, ...partitions.map((partition) => follower.silentMs(partition)));
  const isLive = partitions.every((partition) => follower.isLive(partition));
  return {
    ageMs: Number.isFinite(silentMs) ? Math.round(silentMs) : 0,
    staleReason: isLive ? StaleReason.UNSPECIFIED : StaleReason.LOG_NOT_FOLLOWED,
  };
}
