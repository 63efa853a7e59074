import type { StoredEvent } from '@odograph/event-log/log-reader';
import type { Projection } from '@odograph/kernel/projection';
import type { SubjectQuery } from '../log/mongo-log-reader.ts';
import type { ReadModelStore, StoredSlice } from './read-model-store.ts';

/** A projection and its stored documents. */
export interface ReadModel<S> {
  readonly projection: Projection<S>;
  readonly store: ReadModelStore;
  /** Loads one slice. Slices that are requested at the same time are loaded with one query. */
  readonly load: (subject: string, key: string) => Promise<StoredSlice>;
}

/** Reads the log by vehicle: the events that waited behind a parked one. */
export interface SubjectLog {
  /** A vehicle's events between two positions, inclusive, in order. Few of them are in memory at a time. */
  readSubject(query: SubjectQuery): AsyncIterable<StoredEvent>;
}
