import type { Stamp } from '@odograph/cache/version';
import type { Position } from '@odograph/kernel/position';
import { stampAt } from '../statuses/stamps.ts';

/** The source of what history answers about the vehicles of a partition: its log. */
export const domainOf = (partition: number) => `log/${partition}`;

/** A position that an answer of history reflects. */
export function stampOf(position: Position): Stamp {
  return stampAt(position, { domain: domainOf(position.partition), epoch: 0 });
}
