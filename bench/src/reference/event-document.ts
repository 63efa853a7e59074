import type { StoredEvent } from '@odograph/event-log/log-reader';
import { Binary, type IndexDescription } from 'mongodb';

/** A position as `_id`. */
interface PositionKey {
  readonly p: number;
  readonly s: number;
  readonly i: number;
}

/** One event as a document: how an event store on MongoDB keeps it without further thought. */
export interface EventDocument {
  readonly _id: PositionKey;
  readonly type: string;
  readonly version: number;
  readonly subject: string;
  readonly observed_at: Date;
  readonly report_id: string;
  readonly part: number;
  readonly received_at: Date;
  readonly content_hash: Binary;
  readonly payload: Binary;
}

/** The index that keeps a report once. */
export const EVENT_INDEXES: IndexDescription[] = [
  { name: 'report_key', key: { subject: 1, observed_at: 1, report_id: 1, part: 1 }, unique: true },
];

export function toDocument({ position, event }: StoredEvent): EventDocument {
  return {
    _id: { p: position.partition, s: position.sequence, i: position.index },
    type: event.type,
    version: event.version,
    subject: event.subject,
    observed_at: new Date(event.observedAtMs),
    report_id: event.reportId,
    part: event.part,
    received_at: new Date(event.receivedAtMs),
    content_hash: new Binary(event.contentHash),
    payload: new Binary(event.payload),
  };
}
