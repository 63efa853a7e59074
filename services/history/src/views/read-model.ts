import type { StoredEvent } from '@odograph/event-log/log-reader';
import type { EventPosition } from '@odograph/kernel/position';
import type { Projection } from '@odograph/kernel/projection';
import type { ReadModelStore, StoredSlice } from './read-model-store.ts';

/** A projection with its stored documents. */
export interface ReadModel<S> {
  readonly projection: Projection<S>;
  readonly store: ReadModelStore;
  /** One slice; those that are asked for at the same time are loaded with one query. */
  readonly load: (subject: string, key: string) => Promise<StoredSlice>;
}

/** The log by vehicle: for what waited behind a parked event. */
export interface SubjectLog {
  /** A vehicle's events between two positions, both included, in order. */
  readSubject(subject: string, from: EventPosition, through: EventPosition): Promise<readonly StoredEvent[]>;
}
