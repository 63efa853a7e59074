import { createHash } from 'node:crypto';
import { encodeConflict, encodeEvent } from '@odograph/contracts/event-catalogue';
import { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { EventPosition } from '@odograph/kernel/position';
import type { StoredEvent } from './log-reader.ts';

/** The subject of events about the log itself. A vehicle id cannot contain a slash, so it never equals a vehicle's. */
export const logSubjectId = (partition: number): string => `log/${partition}`;

export const isLogSubjectId = (text: string): boolean => /^log\/\d{1,5}$/.test(text);

/** What readers see in place of a report whose key the log already has with other content, at `heldAt`. */
export function conflictOf({ position, event }: StoredEvent, heldAt: EventPosition): StoredEvent {
  const part = conflictPartOf(event);
  return { position, event: { ...event, ...encodeConflict(event, heldAt), part } };
}

/**
 * The part of a conflict: 2 or more, so its key differs from the parts 0 and 1 of a report.
 * It is made from the content (48 bits of its hash) and the report's part: the same conflict sent twice is stored once.
 */
export function conflictPartOf({ contentHash, part }: Pick<Event, 'contentHash' | 'part'>): number {
  const contentNumber = Buffer.from(contentHash).readUIntBE(0, 6);
  return 2 + contentNumber * 2 + part;
}

/** What readers see in place of an event that is not a valid one. It has its bytes, so no acknowledged report is lost. */
export function undecodableEvent(
  { position, event }: StoredEvent,
  reason: string,
  receivedAtMs: number,
): StoredEvent {
  return undecodableBytes(position, receivedAtMs, reason, Event.encode(event).finish());
}

/** Of a message that is not an envelope, which has as many bytes as NATS allows. */
const MAX_RAW_BYTES = 512 * 1024;

/** What readers see in place of bytes that cannot be decoded. The same bytes always give the same event key. */
export function undecodableBytes(
  position: EventPosition,
  receivedAtMs: number,
  reason: string,
  raw: Uint8Array,
): StoredEvent {
  const digest = createHash('sha256').update(raw).digest();
  const reportId = digest.toString('hex');
  const head = { subject: logSubjectId(position.partition), reportId, observedAtMs: 0, receivedAtMs };
  const kept = raw.subarray(0, MAX_RAW_BYTES);
  const contentHash = digest.subarray(0, 16);
  return {
    position,
    event: encodeEvent({ type: 'UndecodableReceived', ...head, reason, raw: kept }, { contentHash }),
  };
}
