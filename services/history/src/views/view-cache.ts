import { LRUCache } from 'lru-cache';
import type { Checkpoint } from './checkpoints.ts';
import type { LoadedStretch } from './read-model-store.ts';
import type { View } from './view.ts';

/** What was read and folded for the last one who asked about a vehicle. */
export interface KeptView<S> {
  /** The first key of the range that was read. */
  readonly from: string;
  /** The checkpoint that was known before the documents were read: they have every event up to it. */
  readonly checkpoint: Checkpoint;
  readonly documents: Promise<LoadedStretch>;
  /** The documents and the events above the checkpoint, folded. */
  readonly view: Promise<View<S>>;
  /** The view has every event of the vehicle up to this sequence. */
  through: number;
}

/** Views by vehicle, up to a number of bytes: the least recently requested are dropped first. */
export interface ViewCache {
  /** Resolves when the documents of a kept view have been read, after a second at the latest; undefined if they are not being read. */
  reading(name: string): Promise<void> | undefined;
  /** The kept view of a name, if its documents have been read and are those of the slices from a key on. */
  find(name: string, key: string): KeptView<unknown> | undefined;
  /**
   * Keeps a view that is being folded, so that all who ask meanwhile share it. Then drops it if it failed, or has no slices:
   * requests for vehicles that do not exist must not take the room of others.
   */
  keep(name: string, view: KeptView<unknown>): void;
}

/** Then the next one reads the documents again, over another connection. */
const PATIENCE_MS = 1_000;

/** Memory of an entry without its documents and slices. */
const ENTRY_BYTES = 1_500;
/** Roughly, of an object with two or three fields. */
const OBJECT_BYTES = 100;

interface Entry {
  readonly kept: KeptView<unknown>;
  /** While the documents are being read. */
  readonly reading?: Promise<void>;
  /** After that. */
  readonly stretch?: LoadedStretch;
}

/** @param patienceMs how long others wait for a read of the same documents */
export function createViewCache(maxBytes: number, patienceMs = PATIENCE_MS): ViewCache {
  const entries = new LRUCache<string, Entry>({ maxSize: maxBytes });

  return {
    reading: (name) => entries.peek(name)?.reading,

    find(name, key) {
      const { kept, stretch } = entries.get(name) ?? {};
      return kept && stretch && key >= kept.from && key <= stretch.through ? kept : undefined;
    },

    keep(name, kept) {
      const isStill = () => entries.peek(name)?.kept === kept;
      const drop = () => void (isStill() && entries.delete(name));
      // Another object each time, because the size of the same one is not counted again.
      const put = (entry: Omit<Entry, 'kept'>, bytes: number) =>
        entries.set(name, { kept, ...entry }, { size: Math.ceil(ENTRY_BYTES + bytes) });
      const read = kept.documents.then(
        (stretch) => void (isStill() && put({ stretch }, bytesOf(stretch))),
        drop,
      );
      const folded = Promise.all([kept.documents, kept.view]).then(([stretch, { slices }]) => {
        if (slices.size === 0) drop();
        else if (isStill()) put({ stretch }, bytesOf(stretch) + bytesOf(slices));
      });
      folded.catch(drop);
      put({ reading: atMost(patienceMs, read, drop) }, 0);
    },
  };
}

/** Resolves with the work, or when it has taken too long: then calls `giveUp`. */
function atMost(ms: number, work: Promise<void>, giveUp: () => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    giveUp();
    resolve();
  }, ms);
  void work.then(() => {
    clearTimeout(timer);
    resolve();
  });
  return promise;
}

/** Roughly, in memory. */
function bytesOf(value: unknown): number {
  if (typeof value === 'string') return OBJECT_BYTES / 4 + value.length;
  if (typeof value !== 'object' || value === null) return 8;
  if (value instanceof Uint8Array) return OBJECT_BYTES + value.length;
  let bytes = OBJECT_BYTES;
  if (value instanceof Map) for (const [, held] of value) bytes += bytesOf(held);
  else for (const held of Object.values(value)) bytes += bytesOf(held);
  return bytes;
}
