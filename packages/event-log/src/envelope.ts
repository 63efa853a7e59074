import { Envelope, Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { writeBytes } from '@odograph/contracts/write-bytes';
import { Fault } from '@odograph/kernel/fault';

/** An envelope holds at most this many events … */
export const MAX_ENVELOPE_EVENTS = 500;
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

/** The events of an envelope, in order. Throws a Fault CORRUPT_LOG when the bytes are no envelope. */
export function decodeEnvelope(bytes: Uint8Array): Event[] {
  try {
    return Envelope.decode(bytes).events;
  } catch (cause) {
    throw new Fault('CORRUPT_LOG', 'the message is no envelope', { cause });
  }
}
