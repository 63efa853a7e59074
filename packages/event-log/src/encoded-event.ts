import { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { writeBytes } from '@odograph/contracts/write-bytes';
import type { EventPosition } from '@odograph/kernel/position';
import { readEvent } from './event-bytes.ts';
import type { StoredEvent } from './log-reader.ts';

/** Some bytes of a longer stretch: a view of them would take more memory than most events. */
export interface ByteRange {
  readonly buffer: ArrayBufferLike;
  readonly offset: number;
  readonly length: number;
}

/**
 * An event that stays encoded: it is decoded anew each time it is asked for. There are thousands under way to MongoDB and
 * tens of thousands in a tail, and as objects they take ten times the memory and most of the time of the garbage collector.
 */
export class EncodedEvent implements StoredEvent {
  readonly partition: number;
  readonly sequence: number;
  readonly index: number;
  readonly subject: string;
  readonly #buffer: ArrayBufferLike;
  readonly #offset: number;
  readonly length: number;

  constructor({ partition, sequence, index }: EventPosition, subject: string, bytes: ByteRange) {
    this.partition = partition;
    this.sequence = sequence;
    this.index = index;
    this.subject = subject;
    this.#buffer = bytes.buffer;
    this.#offset = bytes.offset;
    this.length = bytes.length;
  }

  /** The event as such where it is encoded already. */
  static from(stored: StoredEvent): EncodedEvent {
    if (stored instanceof EncodedEvent) return stored;
    const { position, event } = stored;
    const { buffer, byteOffset: offset, length } = writeBytes((writer) => Event.encode(event, writer));
    return new EncodedEvent(position, event.subject, { buffer, offset, length });
  }

  get position(): EventPosition {
    return { partition: this.partition, sequence: this.sequence, index: this.index };
  }

  get event(): Event {
    return readEvent(this.bytes, 0, this.length);
  }

  get bytes(): Buffer {
    return Buffer.from(this.#buffer, this.#offset, this.length);
  }
}
