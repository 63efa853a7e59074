import type { EventPosition } from './position.ts';
import type { VehicleEvent } from './vehicle-event.ts';

/**
 * The content of a stored document without its key and position: plain data, with bytes as Uint8Array. Of a slice with very many
 * documents, the field `data` is read for one document at a time; until then, those after the first have their number as `n`.
 */
export type DocumentBody = Readonly<Record<string, unknown>>;

/** What one event changes in a projection. */
export interface SliceChange<Slice> {
  /** The keys of the slices that change; empty if the event does not concern the projection. */
  readonly keys: readonly string[];
  /** Changes one of these slices in place, because a copy for every event is too slow. Throws if it cannot be applied. */
  applyTo(slice: Slice, key: string): void;
}

/**
 * A read model computed from the log. It is pure: it depends on the log alone, not on a clock, a query or the time of a flush.
 *
 * The model of one vehicle is cut into *slices* by key: a status has one, samples have one for each window of time.
 * A slice is folded in memory as `Slice` and stored as one or more documents.
 */
export interface Projection<Slice> {
  /** The read model's name, such as `status`. */
  readonly name: string;
  /**
   * Raised when stored documents would be read or continued in another way, or when answers change: then the log is folded
   * from its beginning. Compare answers only within one version.
   */
  readonly version: number;
  /**
   * Reads an event and its position in the log once, for all slices that it changes.
   * Throws a Fault CORRUPT_LOG if one of these slices could not apply the content of the event.
   */
  read(event: VehicleEvent, position: EventPosition): SliceChange<Slice>;
  /** The slice before any event. */
  initial(subject: string, key: string): Slice;
  /** The same slice once more: a change of one does not change the other. */
  copy(slice: Slice): Slice;
  /**
   * The documents of a slice, in order; undefined for one that stays as it is stored. It does not change the slice.
   * Where they are many, each is made when it is taken, so that a caller can let others work.
   * Grouping the same events differently may give other documents, but never other answers.
   */
  toDocuments(slice: Slice): Iterable<DocumentBody | undefined>;
  /**
   * The slice of these documents: only the first one, if there is one, to fold events into; all to answer from.
   * They may mix two consecutive flushes; a sample found twice counts once.
   */
  fromDocuments(subject: string, key: string, documents: readonly DocumentBody[]): Slice;
}
