import type { DocumentBody } from '@odograph/kernel/projection';
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
  readonly eventCount: number;
  /** The view has every event of the vehicle up to this sequence. */
  through: number;
}

/** Views by vehicle, up to a number of bytes: the least recently requested are dropped first. */
export interface ViewCache {
  /** Resolves when the documents of a kept view have been read; undefined if they are not being read. */
  reading(name: string): Promise<void> | undefined;
  /** The kept view of a name, if its documents have been read and are those of the slices from a key on. */
  find(name: string, key: string): KeptView<unknown> | undefined;
  /** Keeps a view that is being folded, so that all who ask meanwhile share it. A failed one is dropped. */
  keep(name: string, view: KeptView<unknown>): void;
}

/** Roughly, of an object with two or three fields, or of an event that is decoded. */
const OBJECT_BYTES = 100;
const EVENT_BYTES = 500;

interface Entry {
  readonly kept: KeptView<unknown>;
  /** While the documents are being read. */
  readonly reading?: Promise<void>;
  /** After that. */
  readonly stretch?: LoadedStretch;
}

export function createViewCache(maxBytes: number): ViewCache {
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
      const reading = kept.documents.then((stretch) => {
        // Another object, because the size of the same one is not counted again.
        if (isStill()) entries.set(name, { kept, stretch }, { size: sizeOf(stretch, kept.eventCount) });
      }, drop);
      kept.view.catch(drop);
      entries.set(name, { kept, reading }, { size: Math.min(maxBytes, OBJECT_BYTES) });
    },
  };
}

/** Memory of the documents and of what is folded from them. */
function sizeOf({ slices }: LoadedStretch, eventCount: number): number {
  const documents = slices.flatMap((slice) => slice.documents);
  const stored = documents.reduce((sum, document) => sum + memoryOf(document), 0);
  return OBJECT_BYTES + eventCount * EVENT_BYTES + 2 * stored;
}

function memoryOf(value: DocumentBody[string]): number {
  if (typeof value === 'string') return OBJECT_BYTES / 4 + value.length;
  if (typeof value !== 'object' || value === null) return 8;
  if (value instanceof Uint8Array) return OBJECT_BYTES + value.length;
  return Object.values(value).reduce<number>((sum, field) => sum + memoryOf(field), OBJECT_BYTES);
}
