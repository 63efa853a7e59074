import { Fault, invariant } from '@odograph/kernel/fault';
import { partitionOf } from '@odograph/kernel/partition';
import { endOfEnvelope, type Position } from '@odograph/kernel/position';
import type { Checkpoint, Checkpoints, Parked } from './checkpoints.ts';
import { type Folded, foldSubject, openSlice } from './fold.ts';
import type { ReadModel, SubjectLog } from './read-model.ts';
import type { LoadedStretch, StoredSlice } from './read-model-store.ts';
import { shareReads } from './shared-reads.ts';
import type { Tail, TailSnapshot } from './tail.ts';

/** A vehicle's slices at a position. */
export interface View<S> {
  /** The requested slices, by key, in order of the key. */
  readonly slices: ReadonlyMap<string, S>;
  /** The vehicle has no other slice up to this key, inclusive. */
  readonly through: string;
  /** The view includes the vehicle's partition up to this envelope, inclusive. */
  readonly position: Position;
  readonly parked: Parked | undefined;
}

/** One slice of a vehicle at a position. */
export interface SubjectView<S> {
  readonly subject: string;
  readonly slice: S;
  readonly parked: Parked | undefined;
}

/** A range of slice keys, inclusive. */
export interface KeyRange {
  readonly from: string;
  readonly to: string;
}

interface ViewReaderDeps {
  readonly tails: readonly Tail[];
  readonly checkpoints: Checkpoints;
  readonly log: SubjectLog;
}

/** Answers from the stored documents and a fold of the tail on top of them. */
export interface ViewReader {
  /** A slice of a vehicle, if it exists. */
  read<S>(model: ReadModel<S>, subject: string, key: string): Promise<View<S>>;
  /**
   * A vehicle's slices of a range, a few per view. Each view has its own position; at least one view, which may be empty.
   * `parked` concerns the slices read so far.
   */
  stretches<S>(model: ReadModel<S>, subject: string, keys: KeyRange): AsyncGenerator<View<S>, void>;
  /** One slice of many vehicles, in the order of the request. Vehicles without it are left out. */
  readEach<S>(
    model: ReadModel<S>,
    subjects: readonly string[],
    key: string,
  ): Promise<readonly SubjectView<S>[]>;
  /** The position of every partition's view. */
  positions(): readonly Position[];
  /** Waits until the views include a position. Throws a Fault DEADLINE if the signal is aborted before. */
  reach(position: Position, signal: AbortSignal): Promise<void>;
  /** The parked event of a vehicle in one read model, stored or only in the tail. */
  parkedOf(model: ReadModel<unknown>, subject: string): Promise<Parked | undefined>;
}

export function createViewReader({ tails, checkpoints, log }: ViewReaderDeps): ViewReader {
  const readCheckpoint = shareReads((partition: number) => checkpoints.read(partition));
  const tailOf = (subject: string) => tails[partitionOf(subject, tails.length)] as Tail;

  /** Reads the tail first, then the checkpoint, then the documents, so that a flush in between cannot hide an event. */
  async function readThrough<S>(
    model: ReadModel<S>,
    subject: string,
    from: string,
    loadStored: () => Promise<LoadedStretch>,
  ): Promise<View<S>> {
    const tail = tailOf(subject);
    const snapshot = tail.snapshot(subject);
    const checkpoint = await readCheckpoint(tail.partition);
    const { slices: stored, through } = await loadStored();
    const load = loadFrom(subject, stored);
    const keys = { from, to: through };
    const folded = await fold(model, log, { subject, snapshot, checkpoint, load, keys });
    const position = { partition: tail.partition, sequence: Math.max(snapshot.head, checkpoint.sequence) };
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
      const snapshots = subjects.map((subject) => tailOf(subject).snapshot(subject));
      const current = await Promise.all(tails.map(({ partition }) => readCheckpoint(partition)));
      const slices = await model.store.load(subjects.map((subject) => ({ subject, key })));
      const found = await Promise.all(
        slices.map(async (slice, at) => {
          const { subject } = slice;
          const checkpoint = current[tailOf(subject).partition] as Checkpoint;
          const folding = {
            subject,
            snapshot: snapshots[at] as TailSnapshot,
            checkpoint,
            load: loadFrom(subject, [slice]),
          };
          const folded = await fold(model, log, { ...folding, keys: { from: key, to: key } });
          const state = folded.slices.get(key)?.state ?? openStored(model, slice);
          return state === undefined ? [] : [{ subject, slice: state, parked: folded.parked }];
        }),
      );
      return found.flat();
    },

    async parkedOf(model, subject) {
      const tail = tailOf(subject);
      const snapshot = tail.snapshot(subject);
      const checkpoint = await readCheckpoint(tail.partition);
      const load = (key: string) => model.load(subject, key);
      return (await fold(model, log, { subject, snapshot, checkpoint, load })).parked;
    },

    async reach({ partition, sequence }, signal) {
      const tail = tails[partition];
      invariant(tail, `partition ${partition} is one of ${tails.length}`);
      await tail.reach(sequence, signal);
      if (tail.head() >= sequence) return;
      const message = `partition ${partition} is at ${tail.head()}, not yet at ${sequence}: retry later`;
      throw new Fault('DEADLINE', message);
    },
  };
}

const headOf = (tail: Tail): Position => ({ partition: tail.partition, sequence: tail.head() });

interface SubjectFold {
  readonly subject: string;
  readonly snapshot: TailSnapshot;
  readonly checkpoint: Checkpoint;
  readonly load: (key: string) => Promise<StoredSlice>;
  /** Folds only slices with these keys; all if left out. */
  readonly keys?: KeyRange;
}

async function fold<S>(
  { projection }: ReadModel<S>,
  log: SubjectLog,
  { subject, snapshot, checkpoint, load, keys }: SubjectFold,
): Promise<Folded<S>> {
  const isParked = (entry: Parked) => entry.projection === projection.name && entry.subject === subject;
  return foldSubject({
    projection,
    subject,
    events: await eventsAbove(log, subject, snapshot, checkpoint),
    parked: checkpoint.parked.find(isParked),
    wants: (key) => !keys || (key >= keys.from && key <= keys.to),
    load,
    replay: (from, through) => log.readSubject(subject, from, through),
  });
}

/** Gives slices that are already loaded. A slice that was not found has no documents. */
function loadFrom(subject: string, stored: readonly StoredSlice[]): (key: string) => Promise<StoredSlice> {
  const byKey = new Map(stored.map((slice) => [slice.key, slice]));
  return async (key) => byKey.get(key) ?? { subject, key, includes: undefined, documents: [] };
}

/** The vehicle's events above the checkpoint. If that is below the tail's floor, reads the missing ones from the log. */
async function eventsAbove(log: SubjectLog, subject: string, snapshot: TailSnapshot, checkpoint: Checkpoint) {
  const { partition, sequence } = checkpoint;
  const from = Math.max(sequence, snapshot.floor);
  const above = snapshot.events.filter(({ position }) => position.sequence > from);
  if (sequence >= snapshot.floor) return above;
  const missing = await log.readSubject(
    subject,
    { partition, sequence: sequence + 1, index: 0 },
    endOfEnvelope(partition, snapshot.floor),
  );
  return [...missing, ...above];
}

/** The stored slice; undefined if nothing is stored. */
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
