import { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { FieldCursor } from '@odograph/contracts/wire/fields';
import { writeBytes } from '@odograph/contracts/write-bytes';
import { Fault, isFault } from '@odograph/kernel/fault';
import type { ByteRange } from './encoded-event.ts';
import { readEvent } from './event-bytes.ts';

/** The most events in an envelope: an fsync costs the same for few of them. A message with more is not decoded further. */
export const MAX_ENVELOPE_EVENTS = 2000;
/** The most bytes in an envelope: half of the default payload limit of NATS. */
export const MAX_ENVELOPE_BYTES = 512 * 1024;

/** `Envelope.events`, field 1, length-delimited. */
const EVENTS_TAG = 0x0a;

/**
 * Encodes an event as a field of an envelope: tag, length, bytes.
 * The publisher writes envelopes of these fields only, so each event is encoded once, when it arrives.
 */
export function encodeEnvelopeEntry(event: Event): Uint8Array {
  return writeBytes((writer) => Event.encode(event, writer.uint32(EVENTS_TAG).fork()).join());
}

/** An event of an envelope, and the range of its bytes in the `buffer` of the envelope's bytes. */
export interface EnvelopeEntry extends ByteRange {
  readonly index: number;
  readonly event: Event;
}

/**
 * The events of an envelope, in order, decoded one at a time; only those with certain indexes if these are given.
 * @throws {Fault} CORRUPT_LOG at the first bytes that do not belong to an envelope, after the events before them.
 */
export function* decodeEnvelope(
  bytes: Uint8Array,
  wanted?: ReadonlySet<number>,
): Generator<EnvelopeEntry, void> {
  const { buffer, byteOffset, byteLength } = bytes;
  const cursor = new FieldCursor(Buffer.from(buffer, byteOffset, byteLength));
  let index = -1;
  try {
    while (!cursor.isAtEnd) {
      const tag = cursor.tag();
      if (tag !== EVENTS_TAG) {
        cursor.skip(tag);
        continue;
      }
      const start = cursor.delimited();
      index += 1;
      if (index === MAX_ENVELOPE_EVENTS) throw tooManyEvents();
      if (wanted && !wanted.has(index)) continue;
      const event = readEvent(cursor.bytes, start, cursor.at);
      yield { index, event, offset: byteOffset + start, length: cursor.at - start };
    }
  } catch (cause) {
    if (isFault(cause)) throw cause;
    throw new Fault('CORRUPT_LOG', 'the message is not an envelope', { cause });
  }
}

function tooManyEvents(): Fault {
  return new Fault('CORRUPT_LOG', `the envelope has more than ${MAX_ENVELOPE_EVENTS} events, the maximum`);
}
