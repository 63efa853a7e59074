import { Fault } from '@odograph/kernel/fault';
import type { Collection } from 'mongodb';
import { DUPLICATE_KEY } from './duplicate-key.ts';
import { type EnvelopeDocument, toDocument } from './envelope-document.ts';
import type { JudgedEnvelope } from './ledger.ts';

interface InsertAnswer {
  readonly writeErrors?: readonly { readonly code: number; readonly errmsg: string }[];
  readonly writeConcernError?: { readonly errmsg: string };
}

/**
 * Appends consecutive envelopes to the log. An envelope follows exactly one other, so this succeeds only if nothing else was
 * appended since they were judged. Throws a Fault UNAVAILABLE if the result is not known: then append them again.
 */
export async function appendEnvelopes(
  collection: Collection<EnvelopeDocument>,
  envelopes: readonly JudgedEnvelope[],
): Promise<'appended' | 'continued by another owner'> {
  let left = envelopes;
  while (left.length > 0 && (await insert(collection, left)) === 'in the way') {
    const there = await countOurs(collection, left);
    if (there === 0) return 'continued by another owner';
    left = left.slice(there);
  }
  return 'appended';
}

/** In order, and up to the first one that cannot be inserted: the log never has an envelope without the one before it. */
async function insert(
  collection: Collection<EnvelopeDocument>,
  envelopes: readonly JudgedEnvelope[],
): Promise<'inserted' | 'in the way'> {
  // The command, because the driver's `insertMany` measures every document before it sends it.
  const { writeErrors = [], writeConcernError } = (await collection.db.command({
    insert: collection.collectionName,
    documents: envelopes.map((envelope) => toDocument(envelope, envelope.rareTypes)),
    ordered: true,
    writeConcern: { w: 'majority', j: true },
  })) as InsertAnswer;
  if (writeConcernError)
    throw new Fault('UNAVAILABLE', `MongoDB did not confirm the insert: ${writeConcernError.errmsg}`);
  const [error] = writeErrors;
  if (error === undefined) return 'inserted';
  if (error.code === DUPLICATE_KEY) return 'in the way';
  throw new Fault('UNAVAILABLE', `MongoDB did not insert an envelope: ${error.errmsg}`);
}

/**
 * How many of the first envelopes the log has already: from an attempt whose answer was lost, or from another owner. Whose
 * they are does not matter, because the same message after the same envelope has the same fates for every owner.
 */
async function countOurs(
  collection: Collection<EnvelopeDocument>,
  envelopes: readonly JudgedEnvelope[],
): Promise<number> {
  const _id = { $in: envelopes.map(({ partition, sequence }) => ({ p: partition, s: sequence })) };
  const found = await collection.find({ _id }, { projection: { after: 1, stored_at: 1 } }).toArray();
  const bySequence = new Map(found.map((document) => [document._id.s, document]));
  const isThere = ({ sequence, previousSequence, storedAtMs }: JudgedEnvelope) => {
    const document = bySequence.get(sequence);
    return document?.after.s === previousSequence && document.stored_at.getTime() === storedAtMs;
  };
  const firstMissing = envelopes.findIndex((envelope) => !isThere(envelope));
  return firstMissing < 0 ? envelopes.length : firstMissing;
}
