import { Fault, invariant } from '@odograph/kernel/fault';
import { partitionOf } from '@odograph/kernel/partition';
import { endOfEnvelope, type Position } from '@odograph/kernel/position';
import type { Checkpoint, Checkpoints, Parked } from './checkpoints.ts';
import { type Folded, foldSubject, openSlice } from './fold.ts';
import type { ReadModel, SubjectLog } from './read-model.ts';
import type { LoadedStretch, StoredSlice } from './read-model-store.ts';
import { readTogether } from './read-together.ts';
import type { Tail, TailView } from './tail.ts';

/** A vehicle's slices as of a position. */
export interface View<S> {
  /** The slices asked for, by key, in order of the key. */
  readonly slices: ReadonlyMap<string, S>;
  /** The vehicle has no other slice up to this key. */
  readonly through: string;
  /** The view has the vehicle's partition up to and including this envelope. */
  readonly position: Position;
  readonly parked: Parked | undefined;
}

/** One slice of a vehicle as of a position. */
export interface SubjectView<S> {
  readonly subject: string;
  readonly slice: S;
  readonly parked: Parked | undefined;
}

/** Which slices of a vehicle: keys from one to another, both included. */
export interface KeyRange {
  readonly from: string;
  readonly to: string;
}

export interface ViewReaderParts {
  readonly tails: readonly Tail[];
  readonly checkpoints: Checkpoints;
  readonly log: SubjectLog;
}

/** Answers with the stored documents plus a fold of the hot tail, by the projection's own functions. */
export interface ViewReader {
  /** A slice of a vehicle, if it has it. */
  read<S>(model: ReadModel<S>, subject: string, key: string): Promise<View<S>>;
  /**
   * A vehicle's slices of a range, a few at a time, each time as of its own moment. At least one view, if only of no slice.
   * What is parked is known of the slices read so far.
   */
  stretches<S>(model: ReadModel<S>, subject: string, keys: KeyRange): AsyncGenerator<View<S>, void>;
  /** One slice of many vehicles, those that have it; in the order asked for. */
  readEach<S>(
    model: ReadModel<S>,
    subjects: readonly string[],
    key: string,
  ): Promise<readonly SubjectView<S>[]>;
  /** Where every partition's view is. */
  positions(): readonly Position[];
  /** Waits until the views have a position. Throws a Fault DEADLINE when the signal is aborted before. */
  reach(position: Position, signal: AbortSignal): Promise<void>;
  /** What is parked of a vehicle in one read model, whether it is stored yet or only in the tail. */
  parkedOf(model: ReadModel<unknown>, subject: string): Promise<Parked | undefined>;
}

export function createViewReader(parts: ViewReaderParts): ViewReader {
  const { tails } = parts;
  const readCheckpoint = readTogether((partition: number) => parts.checkpoints.read(partition));
  const tailOf = (subject: string) => tails[partitionOf(subject, tails.length)] as Tail;

  /** The order matters: the tail first, then the checkpoint, then the documents, so that none can be missed between. */
  async function readThrough<S>(
    model: ReadModel<S>,
    subject: string,
    from: string,
    loadStored: () => Promise<LoadedStretch>,
  ): Promise<View<S>> {
    const tail = tailOf(subject);
    const view = tail.view(subject);
    const checkpoint = await readCheckpoint(tail.partition);
    const { slices: stored, through } = await loadStored();
    const load = loadFrom(subject, stored);
    const keys = { from, to: through };
    const folded = await fold(model, parts.log, { subject, view, checkpoint, load, keys });
    const position = { partition: tail.partition, sequence: Math.max(view.head, checkpoint.sequence) };
    return { slices: slicesInOrder(model, stored, folded), through, position, parked: folded.parked };
  }

  return {
    positions: () => tails.map(headOf),

    read(model, subject, key) {
      const loadOne = async () => {
        const slice = await model.load(subject, key);
        return { slices: slice.documents.length > 0 ? [slice] : [], through: key };
      };
      return readThrough(model, subject, key, loadOne);
    },

    async *stretches(model, subject, { from, to }) {
      for (let next = from; next <= to; ) {
        const loadSome = () => model.store.loadFirst(subject, next, to);
        const view = await readThrough(model, subject, next, loadSome);
        yield view;
        next = `${view.through}\0`; // The first key above it.
      }
    },

    async readEach(model, subjects, key) {
      const views = subjects.map((subject) => tailOf(subject).view(subject));
      const current = await Promise.all(tails.map(({ partition }) => readCheckpoint(partition)));
      const slices = await model.store.load(subjects.map((subject) => ({ subject, key })));
      const found = await Promise.all(
        slices.map(async (slice, at) => {
          const { subject } = slice;
          const checkpoint = current[tailOf(subject).partition] as Checkpoint;
          const folding = {
            subject,
            view: views[at] as TailView,
            checkpoint,
            load: loadFrom(subject, [slice]),
          };
          const folded = await fold(model, parts.log, { ...folding, keys: { from: key, to: key } });
          const state = folded.slices.get(key)?.state ?? openStored(model, slice);
          return state === undefined ? [] : [{ subject, slice: state, parked: folded.parked }];
        }),
      );
      return found.flat();
    },

    async parkedOf(model, subject) {
      const tail = tailOf(subject);
      const view = tail.view(subject);
      const checkpoint = await readCheckpoint(tail.partition);
      const load = (key: string) => model.load(subject, key);
      return (await fold(model, parts.log, { subject, view, checkpoint, load })).parked;
    },

    async reach({ partition, sequence }, signal) {
      const tail = tails[partition];
      invariant(tail, `partition ${partition} is one of ${tails.length}`);
      await tail.reach(sequence, signal);
      if (tail.head() >= sequence) return;
      const message = `the view is at ${tail.head()} of partition ${partition}, not yet at ${sequence}`;
      throw new Fault('DEADLINE', message);
    },
  };
}

const headOf = (tail: Tail): Position => ({ partition: tail.partition, sequence: tail.head() });

interface FoldingParts {
  readonly subject: string;
  readonly view: TailView;
  readonly checkpoint: Checkpoint;
  readonly load: (key: string) => Promise<StoredSlice>;
  /** Only slices with these keys; all where it is left out. */
  readonly keys?: KeyRange;
}

async function fold<S>(
  { projection }: ReadModel<S>,
  log: SubjectLog,
  { subject, view, checkpoint, load, keys }: FoldingParts,
): Promise<Folded<S>> {
  const isParked = (entry: Parked) => entry.projection === projection.name && entry.subject === subject;
  return foldSubject({
    projection,
    subject,
    events: await eventsAbove(log, subject, view, checkpoint),
    parked: checkpoint.parked.find(isParked),
    wants: (key) => !keys || (key >= keys.from && key <= keys.to),
    load,
    replay: (from, through) => log.readSubject(subject, from, through),
  });
}

/** Gives slices that were loaded already; one that was not found has no documents. */
function loadFrom(subject: string, stored: readonly StoredSlice[]): (key: string) => Promise<StoredSlice> {
  const byKey = new Map(stored.map((slice) => [slice.key, slice]));
  return async (key) => byKey.get(key) ?? { subject, key, includes: undefined, documents: [] };
}

/** The vehicle's events above the checkpoint. Where that lies below the tail's floor, the log fills the gap. */
async function eventsAbove(log: SubjectLog, subject: string, view: TailView, checkpoint: Checkpoint) {
  const { partition, sequence } = checkpoint;
  const from = Math.max(sequence, view.floor);
  const above = view.events.filter(({ position }) => position.sequence > from);
  if (sequence >= view.floor) return above;
  const missing = await log.readSubject(
    subject,
    { partition, sequence: sequence + 1, index: 0 },
    endOfEnvelope(partition, view.floor),
  );
  return [...missing, ...above];
}

/** What is stored of a slice; undefined when nothing is. */
function openStored<S>({ projection }: ReadModel<S>, stored: StoredSlice): S | undefined {
  return stored.documents.length > 0 ? openSlice(projection, stored) : undefined;
}

function slicesInOrder<S>(
  { projection }: ReadModel<S>,
  stored: readonly StoredSlice[],
  { slices }: Folded<S>,
): Map<string, S> {
  const keys = new Set([...stored.map(({ key }) => key), ...slices.keys()]);
  const entries = [...keys].sort().map((key): [string, S] => {
    const folded = slices.get(key);
    const slice = stored.find((candidate) => candidate.key === key);
    return [key, folded ? folded.state : openSlice(projection, slice as StoredSlice)];
  });
  return new Map(entries);
}
