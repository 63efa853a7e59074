import type { EventKind } from '@odograph/contracts/event-catalogue';
import { Fault, invariant } from '@odograph/kernel/fault';
import type { EventPosition } from '@odograph/kernel/position';
import type { Projection } from '@odograph/kernel/projection';
import { BSON, type Collection } from 'mongodb';

/** What MongoDB stores as one document. */
const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

/** An event that a projection could not apply. Later events of its vehicle wait behind it in that projection. */
export interface Parked {
  readonly projection: string;
  readonly subject: string;
  readonly position: EventPosition;
  /** At most 200 characters. */
  readonly reason: string;
  /** What only a newer program can decode: one that knows it goes on by itself, from this event on. */
  readonly newer?: EventKind | undefined;
}

/** Up to which sequence the documents of one projection are stored in a partition, and which events are parked in it. */
export interface Checkpoint {
  readonly partition: number;
  readonly projection: string;
  /** The documents have every event up to this sequence, inclusive, except those that are parked. */
  readonly sequence: number;
  readonly parked: readonly Parked[];
}

export interface CheckpointDocument {
  /** Partition, projection and its version: a new projection or version starts at the beginning of the log. */
  readonly _id: string;
  readonly sequence: number;
  readonly parked: readonly ParkedDocument[];
}

interface ParkedDocument {
  readonly subject: string;
  readonly s: number;
  readonly i: number;
  readonly reason: string;
  readonly newer?: EventKind;
}

/** The checkpoints of a partition, by the name of their projection. */
export type CheckpointsByName = ReadonlyMap<string, Checkpoint>;

/** Checkpoints of the stored read models, one for each partition and projection. They move only by compare-and-set. */
export interface Checkpoints {
  /** The checkpoints of all projections in a partition, read with one query. A new one is at 0. */
  read(partition: number): Promise<CheckpointsByName>;
  /**
   * Moves one checkpoint. Throws a Fault VERSION_CONFLICT if it is not at `from` any more, and RULE_VIOLATED if its parked
   * events take more bytes than a document of MongoDB may have.
   */
  move(move: CheckpointMove): Promise<void>;
}

export interface CheckpointMove {
  readonly from: Checkpoint;
  readonly to: Checkpoint;
}

export function createCheckpoints(
  collection: Collection<CheckpointDocument>,
  projections: readonly Pick<Projection<unknown>, 'name' | 'version'>[],
): Checkpoints {
  const versions = new Map(projections.map(({ name, version }) => [name, version]));

  function idOf(partition: number, projection: string): string {
    const version = versions.get(projection);
    invariant(version !== undefined, `${projection} is one of ${[...versions.keys()].join(', ')}`);
    return `${partition}:${projection}@${version}`;
  }

  async function read(partition: number): Promise<CheckpointsByName> {
    const ids = projections.map(({ name }) => idOf(partition, name));
    const documents = await collection.find({ _id: { $in: ids } }).toArray();
    return new Map(
      projections.map(({ name }, at) => {
        const document = documents.find(({ _id }) => _id === ids[at]);
        return [name, fromDocument({ partition, projection: name }, document)];
      }),
    );
  }

  /** A repeated move, or the same move of another owner, has succeeded: the fold depends on the log alone. */
  async function assertMoved({ from, to }: CheckpointMove): Promise<void> {
    const now = (await read(to.partition)).get(to.projection)?.sequence;
    if (now === to.sequence) return;
    const where = `${to.projection} in partition ${to.partition}`;
    const message = `the checkpoint of ${where} is at ${now}, not at ${from.sequence}: another owner moved it`;
    throw new Fault('VERSION_CONFLICT', message);
  }

  return {
    read,
    async move({ from, to }) {
      const _id = idOf(to.partition, to.projection);
      const moved = { sequence: to.sequence, parked: to.parked.map(parkedToDocument) };
      assertFits(to, BSON.calculateObjectSize({ _id, ...moved }));
      const created = { $setOnInsert: { sequence: 0, parked: [] } };
      if (from.sequence === 0) await collection.updateOne({ _id }, created, { upsert: true });
      const { matchedCount } = await collection.updateOne({ _id, sequence: from.sequence }, { $set: moved });
      if (matchedCount === 0) await assertMoved({ from, to });
    },
  };
}

function assertFits({ partition, projection, parked }: Checkpoint, bytes: number): void {
  if (bytes <= MAX_DOCUMENT_BYTES) return;
  const what = `the ${parked.length} parked events of ${projection} in partition ${partition}`;
  const message = `${what} take ${bytes} bytes, more than the ${MAX_DOCUMENT_BYTES} of a document of MongoDB`;
  throw new Fault('RULE_VIOLATED', `${message}: install a version of history that can apply them`);
}

function fromDocument(
  { partition, projection }: Pick<Checkpoint, 'partition' | 'projection'>,
  document: CheckpointDocument | undefined,
): Checkpoint {
  const { sequence, parked } = document ?? { sequence: 0, parked: [] };
  return {
    partition,
    projection,
    sequence,
    parked: parked.map(({ subject, s, i, reason, newer }) => {
      return { projection, subject, position: { partition, sequence: s, index: i }, reason, newer };
    }),
  };
}

function parkedToDocument({ subject, position, reason, newer }: Parked): ParkedDocument {
  return { subject, s: position.sequence, i: position.index, reason, ...(newer && { newer }) };
}
