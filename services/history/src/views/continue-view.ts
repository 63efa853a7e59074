import type { WorkTurn } from '@odograph/platform/work-turn';
import { readEvent } from './fold.ts';
import type { Recent } from './fold-recent.ts';
import { bytesOf } from './parking.ts';
import type { ReadModel } from './read-model.ts';
import { includesPosition, type LoadedStretch } from './read-model-store.ts';
import type { View } from './view.ts';

/** A view, and what it was folded from. */
interface Known<S> {
  readonly view: View<S>;
  /** The first key of the stretch. */
  readonly from: string;
  readonly stretch: LoadedStretch;
}

/**
 * A view with newer events applied to copies of the slices that they change: a vehicle may have very many events above its
 * documents. Undefined if an event cannot be applied, or if one is parked: then the whole must be folded.
 */
export async function continueView<S>(
  { projection }: ReadModel<S>,
  { view, from, stretch }: Known<S>,
  { subject, events, position }: Pick<Recent, 'subject' | 'events' | 'position'>,
  turn: WorkTurn,
): Promise<View<S> | undefined> {
  if (view.parked) return undefined;
  const includes = new Map(stretch.slices.map((slice) => [slice.key, slice.includes]));
  const changed = new Map<string, S>();
  const open = (key: string): S => {
    const known = view.slices.get(key);
    const slice = changed.get(key) ?? (known ? projection.copy(known) : projection.initial(subject, key));
    changed.set(key, slice);
    return slice;
  };
  for (const stored of events) {
    if (turn.isOver(bytesOf(stored))) await turn.next();
    const { keys, reason, applyTo } = readEvent(projection, stored);
    if (reason !== undefined) return undefined;
    const isWanted = (key: string) =>
      key >= from && key <= view.through && !includesPosition(includes.get(key), stored.position);
    try {
      for (const key of keys.filter(isWanted)) applyTo(open(key), key);
    } catch {
      return undefined;
    }
  }
  const slices = [...new Map([...view.slices, ...changed])].sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...view, slices: new Map(slices), position };
}
