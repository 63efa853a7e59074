import type { ReadModelStore, StoredSlice } from './read-model-store.ts';

interface Asked {
  readonly subject: string;
  readonly key: string;
  resolve(slice: StoredSlice): void;
  reject(error: unknown): void;
}

/** Loads slices that are asked for in the same turn of the event loop with one query. */
export function loadTogether(store: ReadModelStore): (subject: string, key: string) => Promise<StoredSlice> {
  let asked: Asked[] = [];

  async function loadAll(): Promise<void> {
    const batch = asked;
    asked = [];
    try {
      const slices = await store.load(batch);
      for (const [at, { resolve }] of batch.entries()) resolve(slices[at] as StoredSlice);
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
