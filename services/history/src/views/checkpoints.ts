import { Fault } from '@odograph/kernel/fault';
import type { EventPosition } from '@odograph/kernel/position';
import type { Collection } from 'mongodb';

/** An event that a projection could not apply. Later events of its vehicle wait behind it in that projection. */
export interface Parked {
  readonly projection: string;
  readonly subject: string;
  readonly position: EventPosition;
  readonly reason: string;
}

/** Up to which sequence a partition's read models are stored, and which events are parked. */
export interface Checkpoint {
  readonly partition: number;
  /** The documents have every event up to this sequence, inclusive, except those that are parked. */
  readonly sequence: number;
  readonly parked: readonly Parked[];
}

export interface CheckpointDocument {
  /** The partition and the versions of all projections: a new version starts at the beginning of the log. */
  readonly _id: string;
  readonly partition: number;
  readonly sequence: number;
  readonly parked: readonly ParkedDocument[];
}

interface ParkedDocument {
  readonly projection: string;
  readonly subject: string;
  readonly s: number;
  readonly i: number;
  readonly reason: string;
}

/** Checkpoints of the stored read models. They move only by compare-and-set. */
export interface Checkpoints {
  read(partition: number): Promise<Checkpoint>;
  /** Moves the checkpoint. Throws a Fault VERSION_CONFLICT if it is not at `from` any more. */
  move(from: Checkpoint, to: Checkpoint): Promise<void>;
}

export function createCheckpoints(
  collection: Collection<CheckpointDocument>,
  versions: readonly { readonly name: string; readonly version: number }[],
): Checkpoints {
  const suffix = versions.map(({ name, version }) => `${name}@${version}`).join(',');
  const idOf = (partition: number) => `${partition}:${suffix}`;

  return {
    async read(partition) {
      const document = await collection.findOne({ _id: idOf(partition) });
      return document ? fromDocument(partition, document) : { partition, sequence: 0, parked: [] };
    },

    async move(from, to) {
      const next = {
        partition: to.partition,
        sequence: to.sequence,
        parked: to.parked.map(parkedToDocument),
      };
      if (from.sequence === 0) {
        const start = { partition: to.partition, sequence: 0, parked: [] };
        await collection.updateOne({ _id: idOf(to.partition) }, { $setOnInsert: start }, { upsert: true });
      }
      const { matchedCount } = await collection.updateOne(
        { _id: idOf(to.partition), sequence: from.sequence },
        { $set: next },
      );
      if (matchedCount === 1) return;
      const now = await collection.findOne({ _id: idOf(to.partition) });
      if (now?.sequence === to.sequence) return;
      throw new Fault(
        'VERSION_CONFLICT',
        `the checkpoint of partition ${to.partition} is at ${now?.sequence}, not at ${from.sequence}: another owner moved it`,
      );
    },
  };
}

function fromDocument(partition: number, { sequence, parked }: CheckpointDocument): Checkpoint {
  return {
    partition,
    sequence,
    parked: parked.map(({ projection, subject, s, i, reason }) => ({
      projection,
      subject,
      position: { partition, sequence: s, index: i },
      reason,
    })),
  };
}

function parkedToDocument({ projection, subject, position, reason }: Parked): ParkedDocument {
  return { projection, subject, s: position.sequence, i: position.index, reason };
}
