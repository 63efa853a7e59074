import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ReadModelStore, SliceName, StoredSlice } from './read-model-store.ts';

interface Asked extends SliceName {
  resolve(slice: StoredSlice): void;
  reject(error: unknown): void;
}

/**
 * Slices handed out in one turn of the event loop: whoever asked works on each at once, for about a millisecond, and
 * commits and queries must not wait behind all of them.
 */
const SLICES_A_TURN = 4;

/** Loads slices that are asked for in the same turn of the event loop with one query. */
export function loadTogether(store: ReadModelStore): (subject: string, key: string) => Promise<StoredSlice> {
  let asked: Asked[] = [];

  async function loadAll(): Promise<void> {
    const batch = asked;
    asked = [];
    try {
      const slices = await store.load(batch);
      for (const [at, { resolve }] of batch.entries()) {
        if (at > 0 && at % SLICES_A_TURN === 0) await nextTurn();
        resolve(slices[at] as StoredSlice);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  return (subject, key) =>
    new Promise((resolve, reject) => {
      if (asked.length === 0) setImmediate(() => void loadAll());
      asked.push({ subject, key, resolve, reject });
    });
}
