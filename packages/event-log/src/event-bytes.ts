import { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';

/** Field number and wire type of each field of an `Event`, as protobuf writes them before its value. */
const TAG = {
  type: 0x0a,
  version: 0x10,
  subject: 0x1a,
  observedAtMs: 0x20,
  reportId: 0x2a,
  part: 0x30,
  receivedAtMs: 0x38,
  contentHash: 0x42,
  traceparent: 0x4a,
  payload: 0x52,
} as const;

/** The first byte of one, which the generated decoder leaves out of a text. */
const BYTE_ORDER_MARK = 0xef;

/** What lies above it, the generated decoder cuts to 32 bits. */
const MAX_UINT32 = 0xffff_ffff;

const NO_BYTES = Buffer.alloc(0);

/**
 * An event out of the bytes that lie between two places. Its hash and payload are views of them, not copies.
 * The log reads every event that there is with this, in less than half the time of the generated decoder, to which it leaves
 * whatever is not written in the plainest way. Throws what that throws where the bytes are no event.
 */
export function readEvent(bytes: Buffer, start: number, end: number): Event {
  return new EventCursor(bytes, start, end).read() ?? Event.decode(bytes.subarray(start, end));
}

/** Reads fields until something is not as expected. */
class EventCursor {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Undefined where the generated decoder is to be asked. */
  read(): Event | undefined {
    const event = emptyEvent();
    while (this.#at < this.#end) {
      if (!this.#readField(event, this.#bytes[this.#at++] as number)) return undefined;
    }
    return this.#at === this.#end ? event : undefined;
  }

  #readField(event: Event, tag: number): boolean {
    const value = this.#varint();
    if (value === undefined) return false;
    if (tag === TAG.version) {
      if (value > MAX_UINT32) return false;
      event.version = value;
    } else if (tag === TAG.observedAtMs) event.observedAtMs = value;
    else if (tag === TAG.receivedAtMs) event.receivedAtMs = value;
    else if (tag === TAG.part) event.part = value;
    else return this.#readBytes(event, tag, value);
    return true;
  }

  #readBytes(event: Event, tag: number, length: number): boolean {
    const from = this.#at;
    this.#at += length;
    if (this.#at > this.#end) return false;
    if (tag === TAG.payload) event.payload = this.#bytes.subarray(from, this.#at);
    else if (tag === TAG.contentHash) event.contentHash = this.#bytes.subarray(from, this.#at);
    else return this.#readText(event, tag, from);
    return true;
  }

  #readText(event: Event, tag: number, from: number): boolean {
    if (this.#bytes[from] === BYTE_ORDER_MARK) return false;
    if (tag === TAG.type) event.type = this.#text(from);
    else if (tag === TAG.subject) event.subject = this.#text(from);
    else if (tag === TAG.reportId) event.reportId = this.#text(from);
    else if (tag === TAG.traceparent) event.traceparent = this.#text(from);
    else return false;
    return true;
  }

  #text(from: number): string {
    return this.#bytes.toString('utf8', from, this.#at);
  }

  /** Of at most 49 bits: enough for a time of this age, and for every length. Undefined where it has more, or no end. */
  #varint(): number | undefined {
    let value = 0;
    let unit = 1;
    for (let count = 0; count < 7; count += 1) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) return undefined;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
      unit *= 0x80;
    }
    return undefined;
  }
}

function emptyEvent(): Event {
  return {
    type: '',
    version: 0,
    subject: '',
    observedAtMs: 0,
    reportId: '',
    part: 0,
    receivedAtMs: 0,
    contentHash: NO_BYTES,
    traceparent: '',
    payload: NO_BYTES,
  };
}
