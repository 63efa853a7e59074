import { Fault, invariant } from '@odograph/kernel/fault';
import { partitionOf } from '@odograph/kernel/partition';
import type { Position } from '@odograph/kernel/position';
import { WorkTurn } from '@odograph/platform/work-turn';
import { Askers } from './askers.ts';
import type { Parked } from './checkpoints.ts';
import { continueView } from './continue-view.ts';
import { foldRecent, type Recent, recentOf, storedStretch } from './fold-recent.ts';
import { bytesOf } from './parking.ts';
import type { PartitionView } from './partition-view.ts';
import type { ReadModel, SubjectLog } from './read-model.ts';
import type { LoadedStretch } from './read-model-store.ts';
import { stretchesBack, stretchesOn } from './stretches.ts';
import { createSubjectPages, type SubjectPages } from './subject-pages.ts';
import type { Tail } from './tail.ts';
import type { KeyRange, SubjectView, View } from './view.ts';
import { type KeptView, type ViewCache, viewName } from './view-cache.ts';

interface ViewReaderDeps {
  readonly partitions: readonly PartitionView[];
  readonly log: SubjectLog;
  readonly cache: ViewCache;
}

/**
 * Answers from the stored documents and a fold of the tail on top of them. A fold ends when the signals of all who wait for it
 * are aborted, with the reason.
 */
export interface ViewReader {
  /** A slice of a vehicle, if it exists. */
  read<S>(model: ReadModel<S>, subject: string, key: string, signal?: AbortSignal): Promise<View<S>>;
  /**
   * A vehicle's slices of a range, a few per view. Each view has its own position; at least one view, which may be empty.
   * `parked` concerns the slices read so far.
   */
  stretches<S>(
    model: ReadModel<S>,
    subject: string,
    keys: KeyRange,
    signal?: AbortSignal,
  ): AsyncGenerator<View<S>, void>;
  /** The same slices as `stretches` gives, the last ones first. Nothing of it is kept. */
  stretchesBack<S>(
    model: ReadModel<S>,
    subject: string,
    keys: KeyRange,
    signal?: AbortSignal,
  ): AsyncGenerator<View<S>, void>;
  /** One slice of many vehicles, in the order of the request. Each view has its own position. */
  readEach<S>(
    model: ReadModel<S>,
    subjects: readonly string[],
    key: string,
    signal?: AbortSignal,
  ): Promise<readonly SubjectView<S>[]>;
  /** The next vehicles in order, stored or in a tail. */
  readonly subjectsAfter: SubjectPages;
  /** The position of every partition's view of a read model. */
  positions(model: ReadModel<unknown>): readonly Position[];
  /** Waits until a read model includes a position. Throws a Fault DEADLINE if the signal is aborted before. */
  reach(model: ReadModel<unknown>, position: Position, signal: AbortSignal): Promise<void>;
  /** The parked event of a vehicle in one read model, stored or only in the tail. */
  parkedOf(model: ReadModel<unknown>, subject: string, signal?: AbortSignal): Promise<Parked | undefined>;
}

/** Vehicles that are read at once. */
const SUBJECTS_AT_ONCE = 100;

export function createViewReader({ partitions, log, cache }: ViewReaderDeps): ViewReader {
  const partitionViewOf = (subject: string) =>
    partitions[partitionOf(subject, partitions.length)] as PartitionView;

  const viewFrom = <S>(model: ReadModel<S>, { subject, ...wanted }: Wanted) => {
    const view = partitionViewOf(subject);
    return readView(model, { subject, ...wanted }, { view, cache, log });
  };

  const read = <S>(model: ReadModel<S>, subject: string, key: string, signal?: AbortSignal) =>
    viewFrom(model, {
      ...{ subject, keys: { from: key, to: key }, signal },
      async readStored() {
        const slice = await model.load(subject, key);
        return { slices: slice.documents.length > 0 ? [slice] : [], through: key };
      },
    });

  return {
    positions: (model) =>
      partitions.map((view) => ({ partition: view.tail.partition, sequence: view.headOf(model) })),

    subjectsAfter: createSubjectPages(partitions),

    read,

    async *stretches(model, subject, keys, signal) {
      const { from, to } = keys;
      const readStored = () => model.store.loadFirst(subject, from, to);
      const first = await viewFrom(model, { subject, keys, signal, readStored });
      yield first;
      if (first.through < to) {
        const rest = { subject, keys: { from: `${first.through}\0`, to }, turn: new WorkTurn(signal) };
        yield* stretchesOn(model, rest, { view: partitionViewOf(subject), log });
      }
    },

    stretchesBack: (model, subject, keys, signal) =>
      stretchesBack(
        model,
        { subject, keys, turn: new WorkTurn(signal) },
        { view: partitionViewOf(subject), log },
      ),

    async readEach(model, subjects, key, signal) {
      const turn = new WorkTurn(signal);
      const readOne = (subject: string) => read(model, subject, key, signal);
      const views: Awaited<ReturnType<typeof readOne>>[] = [];
      for (let at = 0; at < subjects.length; at += SUBJECTS_AT_ONCE) {
        if (at > 0) await turn.next();
        // What is not kept is loaded with one query, because it is requested in one turn of the event loop.
        views.push(...(await Promise.all(subjects.slice(at, at + SUBJECTS_AT_ONCE).map(readOne))));
      }
      return views.map(({ slices, position, parked }, at) => {
        return { subject: subjects[at] as string, slice: slices.get(key), position, parked };
      });
    },

    async parkedOf(model, subject, signal) {
      const recent = recentOf(partitionViewOf(subject), model, subject);
      const load = (key: string) => model.load(subject, key);
      const turn = new WorkTurn(signal);
      return (await foldRecent(model, recent, { slices: [], load }, { log, turn })).parked;
    },

    async reach(model, { partition, sequence }, signal) {
      const view = partitions[partition];
      invariant(view, `partition ${partition} is one of ${partitions.length}`);
      await view.reach(model, sequence, signal);
      const head = view.headOf(model);
      if (head >= sequence) return;
      const where = `${model.projection.name} of partition ${partition}`;
      throw new Fault('DEADLINE', `${where} is at ${head}, not yet at ${sequence}: retry later`);
    },
  };
}

/** The slices of a vehicle from a key on, as many as `readStored` gives. */
interface Wanted {
  readonly subject: string;
  readonly keys: KeyRange;
  readonly signal: AbortSignal | undefined;
  readonly readStored: () => Promise<LoadedStretch>;
}

interface Sources {
  readonly view: PartitionView;
  readonly cache: ViewCache;
  readonly log: SubjectLog;
}

/**
 * A view in one of four ways: as it is kept; the newer events on the view that is kept, on the documents that are kept, or on
 * those that are stored. Nothing is awaited before a fold is kept, so that those who ask next find it.
 */
async function readView<S>(model: ReadModel<S>, wanted: Wanted, sources: Sources): Promise<View<S>> {
  const { subject, keys, signal, readStored } = wanted;
  const { view, cache } = sources;
  const reading = cache.reading(nameOf(model, subject));
  if (reading !== undefined) return reading.then(() => readView(model, wanted, sources));

  const kept = view.followsTail(model)
    ? (cache.find(nameOf(model, subject), keys.from) as KeptView<S> | undefined)
    : undefined;
  if (kept && isCurrent(kept, view.tail, subject) && kept.askers.join(signal)) {
    const position = { partition: view.tail.partition, sequence: view.headOf(model) };
    kept.through = position.sequence;
    return within(keys, { ...(await kept.view), position });
  }
  if (kept && continues(view.tail, kept)) {
    const { folded: known, folding, checkpoint } = kept;
    // An older fold has most of the events already.
    if (folding && kept.askers.join(signal)) return folding.then(() => readView(model, wanted, sources));
    const recent = recentOf(view, model, subject, checkpoint);
    return within(keys, await foldAndKeep(model, { ...kept, recent, known, signal }, sources));
  }
  // Memory first, then the documents: so a flush in between cannot hide an event.
  const recent = recentOf(view, model, subject);
  const documents = readStored();
  return within(keys, await foldAndKeep(model, { from: keys.from, recent, documents, signal }, sources));
}

const nameOf = ({ projection }: ReadModel<unknown>, subject: string) => viewName(projection.name, subject);

/** Whether nothing has happened to a vehicle since its view was folded: then it is the view at the head, too. */
function isCurrent({ through }: KeptView<unknown>, tail: Tail, subject: string): boolean {
  return through >= tail.floor() && tail.lastSequence(subject) <= through;
}

/** Whether a tail has all events that the kept documents may lack. */
function continues(tail: Tail, { checkpoint }: KeptView<unknown>): boolean {
  return checkpoint.sequence >= tail.floor();
}

/** Documents from a key on, and the newer events. */
interface ToFold<S> {
  readonly from: string;
  readonly recent: Recent;
  readonly documents: Promise<LoadedStretch>;
  /** A view of these documents that has the events up to a sequence already. */
  readonly known?: View<S> | undefined;
  readonly through?: number;
  /** Bytes of events that its memory lacks in the count of the cache. */
  readonly uncounted?: number | undefined;
  /** Of the first who asks. */
  readonly signal: AbortSignal | undefined;
}

/** Folds the events into the documents, and keeps the view unless the read model is behind. */
function foldAndKeep<S>(
  model: ReadModel<S>,
  { from, recent, documents, known, through = 0, uncounted = 0, signal }: ToFold<S>,
  { view: partition, cache, log }: Sources,
): Promise<View<S>> {
  const { subject, checkpoint, position } = recent;
  const askers = new Askers(signal);
  const turn = new WorkTurn(askers);
  const newer = known && recent.events.filter((stored) => stored.position.sequence > through);
  const fold = async (): Promise<View<S>> => {
    const stretch = await documents;
    const continued =
      known &&
      newer &&
      (await continueView(model, { view: known, from, stretch }, { ...recent, events: newer }, turn));
    return continued ?? foldRecent(model, recent, storedStretch(subject, from, stretch), { log, turn });
  };
  const view = fold().finally(() => askers.done());
  if (partition.followsTail(model)) {
    const more = newer?.reduce((bytes, stored) => bytes + bytesOf(stored), uncounted);
    const kept = { from, checkpoint, documents, view, askers, uncounted: more, through: position.sequence };
    cache.keep(nameOf(model, subject), kept);
  }
  return view;
}

/** The slices of a view in a range that starts in it. */
function within<S>({ from, to }: KeyRange, view: View<S>): View<S> {
  const slices = new Map([...view.slices].filter(([key]) => key >= from && key <= to));
  return { ...view, slices, through: view.through < to ? view.through : to };
}
