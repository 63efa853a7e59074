import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import type { EventPosition } from '@odograph/kernel/position';
import { Binary } from 'mongodb';

/** A position as `_id`. BSON compares embedded documents field by field, so the log is sorted by position. */
interface PositionKey {
  readonly p: number;
  readonly s: number;
  readonly i: number;
}

/** One event as it is stored in MongoDB. (subject, observed_at, report_id, part) is unique. */
export interface EventDocument {
  readonly _id: PositionKey;
  readonly type: string;
  readonly version: number;
  readonly subject: string;
  /** The vehicle's clock; 1970-01-01 if it was unusable. */
  readonly observed_at: Date;
  readonly report_id: string;
  readonly part: number;
  readonly received_at: Date;
  readonly content_hash: Binary;
  readonly traceparent?: string;
  readonly payload: Binary;
  /** Set on all types but the frequent ones, so that an index finds them without reading the whole log. */
  readonly is_rare?: true;
}

/** Nearly all events of the log have one of these types. */
export const FREQUENT_TYPES: readonly string[] = ['TelemetryReported', 'TimeTicked'];

/** Runs for every event, so it sets optional fields one by one instead of spreading objects. */
export function toDocument({ position, event }: StoredEvent): EventDocument {
  const document: { -readonly [F in keyof EventDocument]: EventDocument[F] } = {
    _id: keyOfPosition(position),
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
  if (event.traceparent !== '') document.traceparent = event.traceparent;
  if (!FREQUENT_TYPES.includes(event.type)) document.is_rare = true;
  return document;
}

export function fromDocument(document: EventDocument): StoredEvent {
  return {
    position: positionOf(document._id),
    event: {
      type: document.type,
      version: document.version,
      subject: document.subject,
      observedAtMs: document.observed_at.getTime(),
      reportId: document.report_id,
      part: document.part,
      receivedAtMs: document.received_at.getTime(),
      contentHash: bytesOf(document.content_hash),
      traceparent: document.traceparent ?? '',
      payload: bytesOf(document.payload),
    },
  };
}

function positionOf({ p, s, i }: PositionKey): EventPosition {
  return { partition: p, sequence: s, index: i };
}

export function keyOfPosition({ partition, sequence, index }: EventPosition): PositionKey {
  return { p: partition, s: sequence, i: index };
}

function bytesOf(binary: Binary): Buffer {
  return Buffer.from(binary.buffer.buffer, binary.buffer.byteOffset, binary.position);
}

/** Whether two events come from the same report: same subject, time, report id and content hash. Their types may differ. */
export function isSameReport(a: Event, b: Event): boolean {
  return (
    a.subject === b.subject &&
    a.observedAtMs === b.observedAtMs &&
    a.reportId === b.reportId &&
    Buffer.from(a.contentHash).equals(b.contentHash)
  );
}
