import { MongoBulkWriteError } from 'mongodb';

export const DUPLICATE_KEY = 11000;

/**
 * Awaits an unordered write. Gives the indexes of the operations that found a document with their key in the way; all others
 * are written. Throws what else happens: a lost connection has the same class of error, without any failed operation.
 */
export async function inTheWayOf(write: Promise<unknown>): Promise<readonly number[]> {
  try {
    await write;
    return [];
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError()) throw error;
    const failed = [error.writeErrors].flat();
    if (failed.length === 0 || failed.some(({ code }) => code !== DUPLICATE_KEY)) throw error;
    return failed.map(({ index }) => index);
  }
}
