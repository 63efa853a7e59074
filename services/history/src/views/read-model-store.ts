import type { EventPosition } from '@odograph/kernel/position';
import type { DocumentBody, Projection } from '@odograph/kernel/projection';
import { type Collection, type Db, type Filter, MaxKey } from 'mongodb';

/** The key of a document: vehicle, slice, and the document's index in the slice. */
interface DocumentKey {
  readonly v: string;
  readonly k: string;
  readonly n: number;
}

/** The last position of its vehicle's events that a slice has. BSON compares it field by field. */
export interface Includes {
  readonly s: number;
  readonly i: number;
}

interface ReadModelDocument {
  readonly _id: DocumentKey;
  /** The position that the slice included when this was written. The first document counts: it is written at each flush, and last. */
  readonly at: Includes;
  readonly body: DocumentBody;
}

/** A slice as it is stored. */
export interface StoredSlice {
  readonly subject: string;
  readonly key: string;
  /** Undefined if the first document is not stored. */
  readonly includes: Includes | undefined;
  readonly documents: readonly DocumentBody[];
}

/** The stored slices from one key to another. */
export interface LoadedStretch {
  readonly slices: readonly StoredSlice[];
  /** There is no other slice up to this key, inclusive. */
  readonly through: string;
}

/** A slice to store. */
export interface ChangedSlice {
  readonly subject: string;
  readonly key: string;
  readonly includes: Includes;
  /** Undefined: stays as it is stored. */
  readonly documents: readonly (DocumentBody | undefined)[];
}

export type SliceName = Pick<StoredSlice, 'subject' | 'key'>;

/** Stored slices at the end of a range. */
export interface LoadedEnd {
  readonly slices: readonly StoredSlice[];
  /** The vehicle has no other stored slice from this key on. */
  readonly since: string;
}

/** The stored documents of one projection. */
export interface ReadModelStore {
  /** The first stored document of each of these slices: all that a fold needs. */
  load(slices: readonly SliceName[]): Promise<readonly StoredSlice[]>;
  /** A vehicle's first slices with keys between two keys, inclusive, in order: as many as fit into a few documents. */
  loadFirst(subject: string, fromKey: string, toKey: string): Promise<LoadedStretch>;
  /** The last slices with keys from one key, inclusive, to another, exclusive, in order: as many as fit into a few documents. */
  loadLast(subject: string, fromKey: string, beforeKey: string): Promise<LoadedEnd>;
  /** Vehicles after a vehicle, in order, whose document has these fields. For models with one document a vehicle. */
  subjectsAfter(
    subject: string,
    limit: number,
    having?: Readonly<Record<string, string>>,
  ): Promise<readonly string[]>;
  /** Stores slices. A stored slice that includes a later position is not changed. */
  save(slices: readonly ChangedSlice[]): Promise<void>;
  /**
   * Removes the slices of some vehicles that include a position above a sequence. It looks at every document, which may take
   * minutes. Throws the reason of the signal if that is aborted before.
   */
  removeAbove(sequence: number, isWanted: (subject: string) => boolean, signal: AbortSignal): Promise<void>;
}

/** Ends a read that takes too long, so that it does not hold its connection. */
const READ_TIME_MS = 10_000;
/** Documents written with one command, and those of one slice more: encoding them takes a few milliseconds. */
const WRITES_AT_ONCE = 500;
/** Documents read with one query: two windows with a sample a second. A document is hardly ever over 100 kB. */
const DOCUMENTS_A_STRETCH = 64;
/** Documents that one command of a removal looks at. */
const LOOKED_AT_AT_ONCE = 1_000;

/** Whether a slice has the event of a position. */
export function includesPosition(
  includes: Includes | undefined,
  { sequence, index }: EventPosition,
): boolean {
  return (
    includes !== undefined && (sequence < includes.s || (sequence === includes.s && index <= includes.i))
  );
}

export function createReadModelStore(database: Db, { name, version }: Projection<unknown>): ReadModelStore {
  const collection: Collection<ReadModelDocument> = database.collection(`${name}_v${version}`);

  const options = { promoteBuffers: true, maxTimeMS: READ_TIME_MS } as const;

  async function find(filter: Filter<ReadModelDocument>, limit = 0): Promise<StoredSlice[]> {
    return toSlices(await collection.find(filter, { ...options, sort: { _id: 1 }, limit }).toArray());
  }

  const findSlice = ({ subject, key }: SliceName) => find({ _id: between(subject, key, key) });

  return {
    async load(slices) {
      if (slices.length === 0) return [];
      const found = await find({ _id: { $in: slices.map(({ subject: v, key: k }) => ({ v, k, n: 0 })) } });
      const byKey = new Map(found.map((slice) => [`${slice.subject}\n${slice.key}`, slice]));
      return slices.map(
        ({ subject, key }) =>
          byKey.get(`${subject}\n${key}`) ?? { subject, key, includes: undefined, documents: [] },
      );
    },

    async loadFirst(subject, fromKey, toKey) {
      const found = await find({ _id: between(subject, fromKey, toKey) }, DOCUMENTS_A_STRETCH);
      const count = found.reduce((sum, { documents }) => sum + documents.length, 0);
      if (count < DOCUMENTS_A_STRETCH) return { slices: found, through: toKey };
      // The last slice may have more documents than the query gave.
      const last = found.pop() as StoredSlice;
      const through = found.at(-1)?.key ?? last.key;
      return { slices: found.length > 0 ? found : await findSlice(last), through };
    },

    async loadLast(subject, fromKey, beforeKey) {
      const _id = { $gte: { v: subject, k: fromKey, n: 0 }, $lt: { v: subject, k: beforeKey, n: 0 } };
      const sort = { _id: -1 } as const;
      const documents = await collection
        .find({ _id } as Filter<ReadModelDocument>, { ...options, sort, limit: DOCUMENTS_A_STRETCH })
        .toArray();
      const found = toSlices(documents.reverse());
      if (documents.length < DOCUMENTS_A_STRETCH) return { slices: found, since: fromKey };
      // The first slice may have more documents than the query gave.
      const first = found.shift() as StoredSlice;
      const since = found[0]?.key ?? first.key;
      return { slices: found.length > 0 ? found : await findSlice(first), since };
    },

    async subjectsAfter(subject, limit, having = {}) {
      const fields = Object.entries(having).map(([name, value]) => [`body.${name}`, value]);
      const documents = await collection
        .find(
          {
            ...Object.fromEntries(fields),
            _id: { $gt: { v: subject, k: new MaxKey(), n: new MaxKey() } as never },
          },
          { sort: { _id: 1 }, limit, projection: { _id: 1 }, maxTimeMS: READ_TIME_MS },
        )
        .toArray();
      return documents.map(({ _id }) => _id.v);
    },

    async save(slices) {
      let group: ReturnType<typeof writesOf> = [];
      for (const [at, slice] of slices.entries()) {
        group.push(...writesOf(slice));
        if (group.length < WRITES_AT_ONCE && at < slices.length - 1) continue;
        if (group.length > 0) await collection.bulkWrite(group, { ordered: true });
        group = [];
      }
    },

    async removeAbove(sequence, isWanted, signal) {
      // Without a filter: MongoDB could look for a match for longer than anybody waits for its answer.
      const all = collection.find({}, { projection: { at: 1 }, batchSize: LOOKED_AT_AT_ONCE });
      for await (const { _id, at } of all) {
        signal.throwIfAborted();
        if (at.s <= sequence || !isWanted(_id.v)) continue;
        await collection.deleteMany({ _id: between(_id.v, _id.k, _id.k) });
      }
    },
  };
}

const between = (v: string, fromKey: string, toKey: string) => ({
  $gte: { v, k: fromKey, n: 0 },
  $lte: { v, k: toKey, n: Number.MAX_SAFE_INTEGER },
});

/** Writes the last document first, so a reader that reads forward during a rewrite finds every sample at least once. */
function writesOf({ subject, key, includes, documents }: ChangedSlice) {
  return documents
    .flatMap((body, n) => (body === undefined ? [] : { n, body }))
    .reverse()
    .map(({ n, body }) => {
      const _id = { v: subject, k: key, n };
      // BSON compares `s`, then `i`; a missing field, as in an upsert, is less than any other.
      const isOlder = { $lt: ['$at', includes] };
      const next = { $literal: { _id, at: includes, body } };
      return {
        updateOne: {
          filter: { _id },
          update: [{ $replaceWith: { $cond: [isOlder, next, '$$ROOT'] } }],
          upsert: true,
        },
      };
    });
}

function toSlices(documents: readonly ReadModelDocument[]): StoredSlice[] {
  const slices: {
    subject: string;
    key: string;
    includes: Includes | undefined;
    documents: DocumentBody[];
  }[] = [];
  for (const { _id, at, body } of documents) {
    const last = slices.at(-1);
    if (last && last.subject === _id.v && last.key === _id.k) last.documents.push(body);
    // Without the first document, as after a crash, nothing is sure to be included.
    else
      slices.push({ subject: _id.v, key: _id.k, includes: _id.n === 0 ? at : undefined, documents: [body] });
  }
  return slices;
}
