import type { DocumentBody } from '@odograph/kernel/projection';
import type { Collection } from 'mongodb';
import { inTheWayOf } from '../log/duplicate-key.ts';
import type { Includes, ReadModelDocument } from './read-model-document.ts';

/** Documents written with one command, and those of one slice more: encoding them takes a few milliseconds. */
const WRITES_AT_ONCE = 500;

/** A slice to store. */
export interface ChangedSlice {
  readonly subject: string;
  readonly key: string;
  readonly includes: Includes;
  /** Undefined: stays as it is stored. */
  readonly documents: readonly (DocumentBody | undefined)[];
  /** Its first document was not stored when it was loaded. It may be since. */
  readonly isNew: boolean;
}

/** Stores slices. A stored slice that includes a later position is not changed. */
export async function saveSlices(
  collection: Collection<ReadModelDocument>,
  slices: readonly ChangedSlice[],
): Promise<void> {
  let group: Write[] = [];
  for (const [at, slice] of slices.entries()) {
    group.push(...writesOf(slice));
    if (group.length < WRITES_AT_ONCE && at < slices.length - 1) continue;
    if (group.length > 0) await write(collection, group);
    group = [];
  }
}

/** A document to write. */
interface Write {
  readonly next: ReadModelDocument;
  /** It is hardly ever stored already. */
  readonly isNew: boolean;
}

/** Writes the last document first, so a reader that reads forward during a rewrite finds every sample at least once. */
function writesOf({ subject, key, includes, documents, isNew }: ChangedSlice): readonly Write[] {
  return documents
    .flatMap((body, n) => (body === undefined ? [] : { n, body }))
    .reverse()
    .map(({ n, body }) => {
      const next = { _id: { v: subject, k: key, n }, at: includes, body };
      // Of several documents, some may be left from a crash, and those must not be written after the first one.
      return { next, isNew: isNew && documents.length === 1 };
    });
}

/** An insert takes a third of what an upsert takes. */
async function write(collection: Collection<ReadModelDocument>, writes: readonly Write[]): Promise<void> {
  const fresh = writes.filter(({ isNew }) => isNew).map(({ next }) => next);
  const inTheWay =
    fresh.length === 0 ? [] : await inTheWayOf(collection.insertMany(fresh, { ordered: false }));
  const others = writes.filter(({ isNew }) => !isNew).map(({ next }) => next);
  const updates = [...inTheWay.map((at) => fresh[at] as ReadModelDocument), ...others].map(updateOf);
  if (updates.length > 0) await collection.bulkWrite(updates, { ordered: true });
}

function updateOf(next: ReadModelDocument) {
  // BSON compares `s`, then `i`; a missing field, as in an upsert, is less than any other.
  const isOlder = { $lt: ['$at', next.at] };
  return {
    updateOne: {
      filter: { _id: next._id },
      update: [{ $replaceWith: { $cond: [isOlder, { $literal: next }, '$$ROOT'] } }],
      upsert: true,
    },
  };
}
