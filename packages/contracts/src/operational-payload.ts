import { Fault } from '@odograph/kernel/fault';
import type { EventPosition } from '@odograph/kernel/position';
import type {
  EventHead,
  LogGapFound,
  ParkedEventDropped,
  ParkedEventRetried,
  TimeTicked,
  UndecodableReceived,
} from '@odograph/kernel/vehicle-event';
import type {
  LogGapFound as GapPayload,
  ParkedEventDropped as ParkedPayload,
  UndecodableReceived as UndecodablePayload,
} from './generated/odograph/telemetry/v1/event.ts';
import type { Position as WirePosition } from './generated/odograph/telemetry/v1/position.ts';

export function tickedToDomain(head: EventHead): TimeTicked {
  return { type: 'TimeTicked', ...head };
}

export function gapToDomain(head: EventHead, payload: GapPayload): LogGapFound {
  const { watermark, foundLastSequence, resumedSequence } = payload;
  return { type: 'LogGapFound', ...head, watermark, foundLastSequence, resumedSequence };
}

export function gapToPayload({ watermark, foundLastSequence, resumedSequence }: LogGapFound): GapPayload {
  return { watermark, foundLastSequence, resumedSequence };
}

export function undecodableToDomain(
  head: EventHead,
  { reason, raw }: UndecodablePayload,
): UndecodableReceived {
  return { type: 'UndecodableReceived', ...head, reason, raw };
}

export function undecodableToPayload({ reason, raw }: UndecodableReceived): UndecodablePayload {
  return { reason, raw: bufferOf(raw) };
}

export function retriedToDomain(head: EventHead, payload: ParkedPayload): ParkedEventRetried {
  return { type: 'ParkedEventRetried', ...head, ...parkedOf(payload) };
}

export function droppedToDomain(head: EventHead, payload: ParkedPayload): ParkedEventDropped {
  return { type: 'ParkedEventDropped', ...head, ...parkedOf(payload) };
}

export function parkedToPayload(event: ParkedEventRetried | ParkedEventDropped): ParkedPayload {
  return { projection: event.projection, position: event.position };
}

/**
 * The position of one event.
 * @throws {Fault} CORRUPT_LOG if it is missing, or is the position of a whole envelope.
 */
export function eventPositionOf(position: WirePosition | undefined): EventPosition {
  if (position?.index === undefined) throw new Fault('CORRUPT_LOG', 'the position of an event is missing');
  return { partition: position.partition, sequence: position.sequence, index: position.index };
}

/** The same bytes as a Buffer, without a copy. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function parkedOf({ projection, position }: ParkedPayload): { projection: string; position: EventPosition } {
  return { projection, position: eventPositionOf(position) };
}
