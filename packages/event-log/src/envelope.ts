import { BinaryReader } from '@bufbuild/protobuf/wire';
import { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { writeBytes } from '@odograph/contracts/write-bytes';
import { Fault } from '@odograph/kernel/fault';
import type { ByteRange } from './encoded-event.ts';
import { readEvent } from './event-bytes.ts';

/** An envelope holds at most this many events, as an fsync costs the same for few of them … */
export const MAX_ENVELOPE_EVENTS = 2000;
/** … and at most this many bytes: half of what NATS takes in one message by default. */
export const MAX_ENVELOPE_BYTES = 512 * 1024;

/** `Envelope.events`, field 1, length-delimited. */
const EVENTS_TAG = 0x0a;

/**
 * Encodes an event as it stands inside an envelope: field tag, length, bytes.
 * An envelope is then nothing but its events one after the other, so each is encoded once, when it arrives.
 */
export function encodeEnvelopeEntry(event: Event): Uint8Array {
  return writeBytes((writer) => Event.encode(event, writer.uint32(EVENTS_TAG).fork()).join());
}

/** An event of an envelope, and where its bytes lie in `buffer` of the envelope's: who hands it on need not encode it again. */
export interface EnvelopeEntry extends ByteRange {
  readonly event: Event;
}

/**
 * The events of an envelope, in order, one at a time. Throws a Fault CORRUPT_LOG when the bytes are no envelope: perhaps
 * after it has given some.
 */
export function* decodeEnvelope(bytes: Uint8Array): Generator<EnvelopeEntry, void> {
  const { buffer, byteOffset, byteLength } = bytes;
  const whole = Buffer.from(buffer, byteOffset, byteLength);
  const reader = new BinaryReader(bytes);
  try {
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag !== EVENTS_TAG) {
        reader.skip(tag & 7, tag >>> 3);
        continue;
      }
      const length = reader.uint32();
      const start = reader.pos;
      reader.pos += length;
      if (reader.pos > reader.len) throw new RangeError('premature end');
      yield { event: readEvent(whole, start, reader.pos), offset: byteOffset + start, length };
    }
  } catch (cause) {
    throw new Fault('CORRUPT_LOG', 'the message is no envelope', { cause });
  }
}
