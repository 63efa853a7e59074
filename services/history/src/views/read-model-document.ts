import type { DocumentBody } from '@odograph/kernel/projection';

/** The key of a document: vehicle, slice, and the document's index in the slice. */
export interface DocumentKey {
  readonly v: string;
  readonly k: string;
  readonly n: number;
}

/** The last position of its vehicle's events that a slice has. BSON compares it field by field. */
export interface Includes {
  readonly s: number;
  readonly i: number;
}

export interface ReadModelDocument {
  readonly _id: DocumentKey;
  /** The position that the slice included when this was written. The first document counts: it is written at each flush, and last. */
  readonly at: Includes;
  readonly body: DocumentBody;
}
