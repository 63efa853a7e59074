import type { EventPosition } from '@odograph/kernel/position';
import type { DocumentBody, Projection } from '@odograph/kernel/projection';
import { type Collection, type Db, type Filter, MaxKey } from 'mongodb';
import type { DocumentKey, Includes, ReadModelDocument } from './read-model-document.ts';
import { type ChangedSlice, saveSlices } from './save-slices.ts';

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
  /**
   * A vehicle's first slices with keys between two keys, inclusive, in order: as many as fit into a few documents. One that
   * has more is given alone, and its documents without their `data`, but with their number as `n`.
   */
  loadFirst(subject: string, fromKey: string, toKey: string): Promise<LoadedStretch>;
  /** The last slices with keys from one key, inclusive, to another, exclusive, in order: as {@link loadFirst} gives the first. */
  loadLast(subject: string, fromKey: string, beforeKey: string): Promise<LoadedEnd>;
  /** One document of a slice, by its number; undefined if it is not stored. */
  loadDocument(subject: string, key: string, n: number): Promise<DocumentBody | undefined>;
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
export const READ_TIME_MS = 10_000;
const READ = { promoteBuffers: true, maxTimeMS: READ_TIME_MS } as const;
/** Documents read with one query: two windows with a sample a second. */
const DOCUMENTS_A_STRETCH = 64;
/** Bytes of documents after which a stretch ends. A document is hardly ever over 100 kB. */
export const BYTES_A_STRETCH = 2 * 1024 * 1024;
/** Documents that MongoDB sends at a time. */
const DOCUMENTS_A_BATCH = 32;
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

  return {
    ...stretchReads(collection),

    async load(slices) {
      if (slices.length === 0) return [];
      const _id = { $in: slices.map(({ subject: v, key: k }) => ({ v, k, n: 0 })) };
      const found = await collection.find({ _id }, READ).toArray();
      const byKey = new Map(toSlices(found).map((slice) => [`${slice.subject}\n${slice.key}`, slice]));
      return slices.map(
        ({ subject, key }) =>
          byKey.get(`${subject}\n${key}`) ?? { subject, key, includes: undefined, documents: [] },
      );
    },

    async loadDocument(v, k, n) {
      return (await collection.findOne({ _id: { v, k, n } }, READ))?.body;
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

    save: (slices) => saveSlices(collection, slices),

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

/** Reads of stretches, by documents and by bytes. */
function stretchReads(
  collection: Collection<ReadModelDocument>,
): Pick<ReadModelStore, 'loadFirst' | 'loadLast'> {
  /** The first documents, as many as a stretch may have. */
  async function readFirst(filter: Filter<ReadModelDocument>) {
    const few = { sort: { _id: 1 }, limit: DOCUMENTS_A_STRETCH, batchSize: DOCUMENTS_A_BATCH } as const;
    const documents: ReadModelDocument[] = [];
    let bytes = 0;
    for await (const document of collection.find(filter, { ...READ, ...few })) {
      documents.push(document);
      bytes += bytesIn(document.body);
      if (bytes >= BYTES_A_STRETCH) return { documents, isCut: true };
    }
    return { documents, isCut: documents.length === DOCUMENTS_A_STRETCH };
  }

  /** The keys of the last documents, the last one first, as many as a stretch may have. */
  async function lastKeys(filter: Filter<ReadModelDocument>) {
    const projection = { bytes: { $bsonSize: '$$ROOT' } };
    const last = {
      sort: { _id: -1 },
      limit: DOCUMENTS_A_STRETCH,
      maxTimeMS: READ_TIME_MS,
      projection,
    } as const;
    const keys: string[] = [];
    let left = BYTES_A_STRETCH;
    for await (const { _id, bytes } of collection.find<KeyAndBytes>(filter, last)) {
      keys.push(_id.k);
      left -= bytes;
      if (left <= 0) return { keys, isCut: true };
    }
    return { keys, isCut: keys.length === DOCUMENTS_A_STRETCH };
  }

  /** A slice with more documents than a stretch may have. */
  async function findHeads({ subject, key }: SliceName): Promise<StoredSlice[]> {
    const heads = { sort: { _id: 1 }, projection: { 'body.data': 0 } } as const;
    const found = collection.find({ _id: between(subject, key, key) }, { ...READ, ...heads });
    const documents = await found.toArray();
    return toSlices(
      documents.map((each) => (each._id.n === 0 ? each : { ...each, body: { ...each.body, n: each._id.n } })),
    );
  }

  return {
    async loadFirst(subject, fromKey, toKey) {
      const { documents, isCut } = await readFirst({ _id: between(subject, fromKey, toKey) });
      const found = toSlices(documents);
      if (!isCut) return { slices: found, through: toKey };
      // The last slice may have more documents than the query gave.
      const last = found.pop() as StoredSlice;
      const through = found.at(-1)?.key ?? last.key;
      return { slices: found.length > 0 ? found : await findHeads(last), through };
    },

    async loadLast(subject, fromKey, beforeKey) {
      const { keys, isCut } = await lastKeys({ _id: before(subject, fromKey, beforeKey) });
      const first = keys.at(-1) ?? fromKey;
      // The first slice may have more documents than the query gave.
      const since = isCut ? (keys.findLast((key) => key !== first) ?? first) : fromKey;
      if (isCut && since === first) return { slices: await findHeads({ subject, key: first }), since };
      const _id = before(subject, since, beforeKey);
      const documents = await collection.find({ _id }, { ...READ, sort: { _id: 1 } }).toArray();
      return { slices: toSlices(documents), since };
    },
  };
}

/** Of the bytes that a document has, which are nearly all of a large one. */
function bytesIn(value: unknown): number {
  if (value instanceof Uint8Array) return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, each) => sum + bytesIn(each), 0);
}

/** The key of a document, and its size. */
interface KeyAndBytes {
  readonly _id: DocumentKey;
  readonly bytes: number;
}

/** The keys of documents from a slice on, and below another one. */
const before = (v: string, fromKey: string, beforeKey: string) => ({
  $gte: { v, k: fromKey, n: 0 },
  $lt: { v, k: beforeKey, n: 0 },
});

const between = (v: string, fromKey: string, toKey: string) => ({
  $gte: { v, k: fromKey, n: 0 },
  $lte: { v, k: toKey, n: Number.MAX_SAFE_INTEGER },
});

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
