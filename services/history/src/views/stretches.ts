import type { WorkTurn } from '@odograph/platform/work-turn';
import { eventsByKey } from './events-by-key.ts';
import { foldRecent, recentOf, storedStretch } from './fold-recent.ts';
import type { PartitionView } from './partition-view.ts';
import type { ReadModel, SubjectLog } from './read-model.ts';
import type { StoredSlice } from './read-model-store.ts';
import type { KeyRange, View } from './view.ts';

/** A vehicle's slices of a range. */
interface StretchesOf {
  readonly subject: string;
  readonly keys: KeyRange;
  readonly turn: WorkTurn;
}

interface StretchSources {
  readonly view: PartitionView;
  readonly log: SubjectLog;
}

/** The stretches of a range in order. Nothing of them is kept, and all are on the events that memory has now. */
export async function* stretchesOn<S>(
  model: ReadModel<S>,
  wanted: StretchesOf,
  sources: StretchSources,
): AsyncGenerator<View<S>, void> {
  const { subject, keys } = wanted;
  const fold = await stretchFold(model, wanted, sources);
  for (let from = keys.from; from <= keys.to; ) {
    const { slices, through } = await model.store.loadFirst(subject, from, keys.to);
    yield await fold({ from, to: through }, slices);
    from = `${through}\0`; // The first key above it.
  }
}

/** The same, from the end of the range: the last stretch first, and of each the last slice. */
export async function* stretchesBack<S>(
  model: ReadModel<S>,
  wanted: StretchesOf,
  sources: StretchSources,
): AsyncGenerator<View<S>, void> {
  const { subject, keys } = wanted;
  const fold = await stretchFold(model, wanted, sources);
  for (let before = `${keys.to}\0`; before > keys.from; ) {
    const { slices, since } = await model.store.loadLast(subject, keys.from, before);
    const stretch = await fold({ from: since, to: before }, slices);
    const inOrder = [...stretch.slices].filter(([key]) => key < before);
    yield { ...stretch, slices: new Map(inOrder.reverse()) };
    before = since;
  }
}

/** Folds stretches on the same events, each of which is read once for all of them. */
async function stretchFold<S>(
  model: ReadModel<S>,
  { subject, turn }: StretchesOf,
  { view, log }: StretchSources,
): Promise<(keys: KeyRange, slices: readonly StoredSlice[]) => Promise<View<S>>> {
  const recent = recentOf(view, model, subject);
  const eventsIn = await eventsByKey(model.projection, recent, turn);
  return (keys, slices) => {
    turn.throwIfAborted();
    const stored = storedStretch(subject, keys.from, { slices, through: keys.to });
    return foldRecent(model, { ...recent, events: eventsIn(keys) }, stored, { log, turn });
  };
}
