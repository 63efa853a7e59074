import type { StoredEvent } from '@odograph/event-log/log-reader';
import { endOfEnvelope, type Position } from '@odograph/kernel/position';
import type { WorkTurn } from '@odograph/platform/work-turn';
import type { Checkpoint, Parked } from './checkpoints.ts';
import { foldSubject, openSlice } from './fold.ts';
import type { PartitionView } from './partition-view.ts';
import type { ReadModel, SubjectLog } from './read-model.ts';
import type { LoadedStretch, StoredSlice } from './read-model-store.ts';
import type { KeyRange, View } from './view.ts';

/** What memory has of a vehicle at one moment. */
export interface Recent {
  readonly subject: string;
  /** The documents that are folded with the events must have everything up to this checkpoint. */
  readonly checkpoint: Checkpoint;
  /** The events above the checkpoint. */
  readonly events: readonly StoredEvent[];
  /** What is parked at the checkpoint. */
  readonly parked: Parked | undefined;
  /** Documents and events together include the partition up to here. */
  readonly position: Position;
}

/**
 * A read model that is behind has no events in the tail: it answers with its documents, at its checkpoint.
 * @param checkpoint that of documents which are read already; otherwise they must be read after this call
 */
export function recentOf(
  view: PartitionView,
  model: ReadModel<unknown>,
  subject: string,
  checkpoint = view.checkpointOf(model),
): Recent {
  const { partition, sequence } = checkpoint;
  const events = view.followsTail(model) ? view.tail.eventsAfter(subject, sequence) : [];
  const parked = checkpoint.parked.find((entry) => entry.subject === subject);
  return { subject, checkpoint, events, parked, position: { partition, sequence: view.headOf(model) } };
}

/** The stored slices of a vehicle to answer with. */
interface Stored {
  readonly slices: readonly StoredSlice[];
  /** The range that these slices are of; all slices are folded without it. */
  readonly keys?: KeyRange;
  /** Loads a slice that an event changes. */
  readonly load: (key: string) => Promise<StoredSlice>;
}

/** The slices of a stretch. One that was not found has no documents. */
export function storedStretch(subject: string, from: string, { slices, through }: LoadedStretch): Stored {
  const byKey = new Map(slices.map((slice) => [slice.key, slice]));
  const load = async (key: string) => byKey.get(key) ?? { subject, key, includes: undefined, documents: [] };
  return {
    slices: slices.filter(({ documents }) => documents.length > 0),
    keys: { from, to: through },
    load,
  };
}

export interface FoldDeps {
  readonly log: SubjectLog;
  readonly turn: WorkTurn;
}

/** A view of a vehicle: the newer events folded into its stored slices. */
export async function foldRecent<S>(
  { projection }: ReadModel<S>,
  { subject, checkpoint, events, parked, position }: Recent,
  { slices: stored, keys, load }: Stored,
  { log, turn }: FoldDeps,
): Promise<View<S>> {
  const folded = await foldSubject({
    ...{ projection, subject, events, parked, turn },
    load: (keys) => Promise.all(keys.map(load)),
    after: endOfEnvelope(checkpoint.partition, checkpoint.sequence),
    wants: (key) => !keys || (key >= keys.from && key <= keys.to),
    replay: (from, through) => log.readSubject({ subject, from, through, turn }),
  });
  const states = new Map<string, S>();
  const byKey = new Map(stored.map((slice) => [slice.key, slice]));
  for (const key of [...new Set([...byKey.keys(), ...folded.slices.keys()])].sort()) {
    const state = folded.slices.get(key)?.state ?? openSlice(projection, byKey.get(key) as StoredSlice);
    states.set(key, state);
  }
  return { slices: states, through: keys?.to ?? '', position, parked: folded.parked };
}
