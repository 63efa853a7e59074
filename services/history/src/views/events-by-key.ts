import type { StoredEvent } from '@odograph/event-log/log-reader';
import type { Projection } from '@odograph/kernel/projection';
import type { WorkTurn } from '@odograph/platform/work-turn';
import { type FoldOptions, readEvent } from './fold.ts';
import { bytesOf } from './parking.ts';
import type { KeyRange } from './view.ts';

/**
 * Gives of a vehicle's events those that change slices of a range, in order. Each event is read once for all ranges, because a
 * vehicle may have many of both. If one is parked or cannot be read, all are needed for a range: those after it wait.
 */
export async function eventsByKey<S>(
  projection: Projection<S>,
  { events, parked }: Pick<FoldOptions<S>, 'events' | 'parked'>,
  turn: WorkTurn,
): Promise<(keys: KeyRange) => readonly StoredEvent[]> {
  if (parked) return () => events;
  const byKey = new Map<string, number[]>();
  for (const [at, stored] of events.entries()) {
    if (turn.isOver(bytesOf(stored))) await turn.next();
    const { keys, reason } = readEvent(projection, stored);
    if (reason !== undefined) return () => events;
    for (const key of keys) {
      const known = byKey.get(key);
      if (known) known.push(at);
      else byKey.set(key, [at]);
    }
  }
  return ({ from, to }) => {
    const isWanted = new Uint8Array(events.length);
    for (const [key, numbers] of byKey)
      if (key >= from && key <= to) for (const at of numbers) isWanted[at] = 1;
    return events.filter((_, at) => isWanted[at]);
  };
}
