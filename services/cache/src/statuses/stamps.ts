import type { Stamp } from '@odograph/cache/version';
import type { Position } from '@odograph/kernel/position';
import { status } from '@odograph/projections/status';

/** An envelope has fewer events. The last number stands for the whole envelope. */
const PLACES = 4096;
const WHOLE = PLACES - 1;

/** The source of the statuses of a partition: its log. */
export const domainOf = (partition: number) => `status/${partition}`;

/** A position of the log as the cache compares it. Of another version of the projection, nothing can be compared. */
export function stampOf(position: Position, version = status.version): Stamp {
  return stampAt(position, { domain: domainOf(position.partition), epoch: version });
}

/** A position in a domain that is named by its partition. */
export function stampAt({ sequence, index }: Position, of: Pick<Stamp, 'domain' | 'epoch'>): Stamp {
  return { ...of, sequence: sequence * PLACES + Math.min(index ?? WHOLE, WHOLE) };
}

export function positionOf({ domain, sequence }: Stamp): Position {
  const place = sequence % PLACES;
  return {
    partition: Number(domain.slice(domain.indexOf('/') + 1)),
    sequence: Math.floor(sequence / PLACES),
    ...(place !== WHOLE && { index: place }),
  };
}
