import type { VehicleEvent } from './vehicle-event.ts';

/** What a document holds besides its key and position: plain data, with bytes as Uint8Array. */
export type DocumentBody = Readonly<Record<string, unknown>>;

/**
 * A read model computed from the log: pure, and a function of the log alone — no wall clock, no query or flush moment.
 *
 * The model of one vehicle is cut into *slices* by key (a status has one, samples one for each window of time).
 * A slice is folded in memory as `Slice` and stored as one or more documents.
 */
export interface Projection<Slice> {
  /** Names the read model, such as `status`. */
  readonly name: string;
  /** Raised when the same log would give other documents; answers compare only within one version. */
  readonly version: number;
  /**
   * The keys of the slices that an event touches; none: it does not concern this projection.
   * Throws a Fault CORRUPT_LOG whenever `apply` would for what the event says, whichever slice is asked for.
   */
  keysOf(event: VehicleEvent): readonly string[];
  /** The slice before any event. */
  initial(subject: string, key: string): Slice;
  /** The slice after an event. May change and return the given slice, which its caller then forgets. Throws if it cannot apply it. */
  apply(slice: Slice, event: VehicleEvent, key: string): Slice;
  /** The documents of a slice, in order. The same events give the same documents, whatever their grouping. */
  toDocuments(slice: Slice): readonly DocumentBody[];
  /** The slice of these documents. They may be of two neighbouring moments: what is there twice counts once. */
  fromDocuments(subject: string, key: string, documents: readonly DocumentBody[]): Slice;
}
