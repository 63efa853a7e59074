import { WorkTurn } from '@odograph/platform/work-turn';
import { LRUCache } from 'lru-cache';
import type { Askers } from './askers.ts';
import type { Checkpoint, CheckpointMove } from './checkpoints.ts';
import type { LoadedStretch, StoredSlice } from './read-model-store.ts';
import type { ChangedSlice } from './save-slices.ts';
import type { View } from './view.ts';

/** What was read and folded for the last one who asked about a vehicle. */
export interface KeptView<S> {
  /** The first key of the range that was read. */
  readonly from: string;
  /** The documents have every event up to this checkpoint. */
  checkpoint: Checkpoint;
  readonly documents: Promise<LoadedStretch>;
  /** The documents and the events above the checkpoint, folded. */
  readonly view: Promise<View<S>>;
  /** The same, once it is folded; not of documents that a flush has put in the place of others. */
  folded?: View<S> | undefined;
  /** Resolves when it is folded or has failed, after a second at the latest; undefined then. */
  folding?: Promise<void> | undefined;
  /** Those who wait for the view. */
  readonly askers: Askers;
  /** Bytes of the events that were folded since its memory was counted; undefined: it never was. */
  uncounted?: number | undefined;
  /** The view has every event of the vehicle up to this sequence. */
  through: number;
}

/** The name under which a view is kept. */
export const viewName = (projection: string, subject: string): string => `${projection}\n${subject}`;

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
  has(name: string): boolean;
  /**
   * After a flush: the documents that it has stored take the place of those that are kept at its first checkpoint, so that
   * they are not read again. `flushed` has every vehicle with events between the two checkpoints, by the name of its view.
   */
  advance(move: CheckpointMove, flushed: FlushedViews): Promise<void>;
  /** Drops all views. */
  clear(): void;
}

/** What a flush has folded, by the name of a view; undefined if it was not kept at that time. */
type FlushedViews = ReadonlyMap<string, readonly FlushedSlice[] | undefined>;

/** A slice that has events of the flush. */
export interface FlushedSlice {
  /** What it was folded from. */
  readonly stored: StoredSlice;
  /** What is stored now; undefined if it had all the events already. */
  readonly changed: ChangedSlice | undefined;
}

/** How long others wait for a read and for a fold. Then the next one reads the documents again, over another connection. */
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
  /** The memory of documents and slices, as it was counted last. */
  readonly counted: number;
}

/** @param patienceMs how long others wait for a read of the same documents, and for a fold of the same events */
export function createViewCache(maxBytes: number, patienceMs = PATIENCE_MS): ViewCache {
  const entries = new LRUCache<string, Entry>({ maxSize: maxBytes });

  function keep(name: string, kept: KeptView<unknown>, known?: LoadedStretch): void {
    const { counted = 0 } = entries.peek(name) ?? {};
    const isStill = () => entries.peek(name)?.kept === kept;
    const drop = () => void (isStill() && entries.delete(name));
    // Another object each time, because the size of the same one is not counted again.
    const put = (entry: Omit<Entry, 'kept'>) =>
      entries.set(
        name,
        { kept, ...entry },
        { size: Math.ceil(ENTRY_BYTES + entry.counted + (kept.uncounted ?? 0)) },
      );
    const putStretch = (stretch: LoadedStretch) => void (isStill() && put({ stretch, counted }));
    const count = async ([stretch, { slices }]: [LoadedStretch, View<unknown>]) => {
      if (slices.size === 0) return drop();
      // Counting takes as long as folding many events: only if it has grown by much since the last time.
      if (kept.uncounted !== undefined && kept.uncounted < counted / 2) return;
      const bytes = await bytesOf([stretch, slices], maxBytes, isStill);
      if (!isStill()) return;
      kept.uncounted = 0;
      put({ stretch, counted: bytes });
    };
    Promise.all([kept.documents, kept.view]).then(count).catch(drop);
    if (known) put({ stretch: known, counted });
    else put({ reading: atMost(patienceMs, kept.documents.then(putStretch, drop), drop), counted });
  }

  /** Keeps a fold that begins, so that others wait for it instead of folding the same events. */
  function keepFold(name: string, kept: KeptView<unknown>): void {
    const end = () => {
      kept.folding = undefined;
    };
    const remember = (view: View<unknown>) => {
      kept.folded = view;
      end();
    };
    kept.folding = atMost(patienceMs, kept.view.then(remember, end), end);
    keep(name, kept);
  }

  function advanceOne(name: string, move: CheckpointMove, flushed: FlushedViews): void {
    const { kept, stretch } = entries.peek(name) ?? {};
    if (!kept || !stretch || !isAt(kept.checkpoint, move.from)) return;
    if (!flushed.has(name)) {
      advanceWithoutEvents(kept, move);
      return;
    }
    const next = advanced(stretch, kept.from, flushed.get(name));
    if (!next) return;
    const refolded = { folded: undefined, folding: undefined, uncounted: undefined };
    keep(name, { ...kept, ...refolded, checkpoint: move.to, documents: Promise.resolve(next) }, next);
  }

  return {
    keep: keepFold,
    has: (name) => entries.has(name),
    clear: () => entries.clear(),
    reading: (name) => entries.peek(name)?.reading,

    find(name, key) {
      const { kept, stretch } = entries.get(name) ?? {};
      return kept && stretch && key >= kept.from && key <= stretch.through ? kept : undefined;
    },

    async advance(move, flushed) {
      const turn = new WorkTurn();
      // The least recently requested is first, so that their order stays.
      for (const name of [...entries.rkeys()]) {
        if (turn.isOver(ENTRY_BYTES)) await turn.next();
        advanceOne(name, move, flushed);
      }
    },
  };
}

/** If a vehicle has no events between two checkpoints, what has everything up to the first one has it up to the second. */
function advanceWithoutEvents(kept: KeptView<unknown>, { from, to }: CheckpointMove): void {
  kept.checkpoint = to;
  if (kept.through >= from.sequence) kept.through = Math.max(kept.through, to.sequence);
}

function isAt({ partition, projection, sequence }: Checkpoint, other: Checkpoint): boolean {
  return partition === other.partition && projection === other.projection && sequence === other.sequence;
}

/** The kept documents after a flush; undefined if it has folded others, as after a flush of another owner. */
function advanced(
  { slices, through }: LoadedStretch,
  from: string,
  flushed: readonly FlushedSlice[] | undefined,
): LoadedStretch | undefined {
  if (!flushed) return undefined;
  const byKey = new Map(slices.map((slice) => [slice.key, slice]));
  for (const { stored, changed } of flushed) {
    const { subject, key } = stored;
    if (key < from || key > through) continue;
    const kept = byKey.get(key);
    if (!includeTheSame(kept, stored)) return undefined;
    if (!changed) continue;
    const documents = changed.documents.map((document, n) => document ?? kept?.documents[n]);
    if (!documents.every((document) => document !== undefined)) return undefined;
    byKey.set(key, { subject, key, includes: changed.includes, documents });
  }
  return { slices: [...byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1)), through };
}

/** Whether a kept slice is the stored one: each write of a slice includes more than the one before. */
function includeTheSame(kept: StoredSlice | undefined, stored: StoredSlice): boolean {
  return kept?.includes?.s === stored.includes?.s && kept?.includes?.i === stored.includes?.i;
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

/** Roughly, in memory. It stops counting above `most`, and when it is not wanted any more. */
async function bytesOf(value: unknown, most: number, isWanted: () => boolean): Promise<number> {
  const turn = new WorkTurn();
  const left = [value];
  let bytes = 0;
  while (left.length > 0 && bytes <= most && isWanted()) {
    const next = left.pop();
    bytes += ownBytesOf(next);
    for (const held of heldBy(next)) left.push(held);
    if (turn.isOver()) await turn.next();
  }
  return bytes;
}

/** Without what it holds. */
function ownBytesOf(value: unknown): number {
  if (typeof value === 'string') return OBJECT_BYTES / 4 + value.length;
  if (typeof value !== 'object' || value === null) return 8;
  return OBJECT_BYTES + (value instanceof Uint8Array ? value.length : 0);
}

function heldBy(value: unknown): Iterable<unknown> {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return NOTHING;
  return value instanceof Map ? value.values() : Object.values(value);
}

const NOTHING: readonly unknown[] = [];
