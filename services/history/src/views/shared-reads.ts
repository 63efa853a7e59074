import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { ReadModelStore, SliceName, StoredSlice } from './read-model-store.ts';

/**
 * Answers all calls with the same key in one turn of the event loop with one read. The read starts after the calls, so no
 * caller gets a value from before its call.
 */
export function shareReads<K, V>(read: (key: K) => Promise<V>): (key: K) => Promise<V> {
  const pending = new Map<K, Promise<V>>();

  async function readNext(key: K): Promise<V> {
    await yieldToEventLoop();
    pending.delete(key);
    return await read(key);
  }

  return (key) => {
    const reading = pending.get(key) ?? readNext(key);
    pending.set(key, reading);
    return reading;
  };
}

interface PendingLoad extends SliceName {
  resolve(slice: StoredSlice): void;
  reject(error: unknown): void;
}

/**
 * Slices returned in one turn of the event loop. A caller works on each for about a millisecond, and commits and queries
 * must not wait for all of them.
 */
const SLICES_PER_TURN = 4;

/** Slices loaded with one query. */
const SLICES_AT_ONCE = 500;

/** Loads the slices that are requested in one turn of the event loop with one query, or with as few as they need. */
export function batchLoads(store: ReadModelStore): (subject: string, key: string) => Promise<StoredSlice> {
  let pending: PendingLoad[] = [];

  async function loadAll(): Promise<void> {
    const all = pending;
    pending = [];
    for (let at = 0; at < all.length; at += SLICES_AT_ONCE) await load(all.slice(at, at + SLICES_AT_ONCE));
  }

  async function load(batch: readonly PendingLoad[]): Promise<void> {
    try {
      const slices = await store.load(batch);
      for (const [at, { resolve }] of batch.entries()) {
        if (at > 0 && at % SLICES_PER_TURN === 0) await yieldToEventLoop();
        resolve(slices[at] as StoredSlice);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  return (subject, key) =>
    new Promise((resolve, reject) => {
      if (pending.length === 0) setImmediate(() => void loadAll());
      pending.push({ subject, key, resolve, reject });
    });
}
