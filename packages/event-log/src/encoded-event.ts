import { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { writeBytes } from '@odograph/contracts/write-bytes';
import type { EventPosition } from '@odograph/kernel/position';
import { readEvent } from './event-bytes.ts';
import type { StoredEvent } from './log-reader.ts';

/** What the events of an envelope have in common. */
export interface EncodedEnvelope {
  readonly partition: number;
  readonly sequence: number;
  readonly buffer: ArrayBufferLike;
}

/** Where an event's bytes lie, counted from the begin of its envelope's buffer: a view would take more memory than most events. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * An event that stays encoded: it is decoded anew each time it is asked for. There are thousands under way to MongoDB and
 * hundreds of thousands in a tail, and as objects they take ten times the memory and most of the time of the garbage
 * collector.
 */
export class EncodedEvent implements StoredEvent {
  readonly #envelope: EncodedEnvelope;
  readonly index: number;
  #subject: string;
  readonly #offset: number;
  readonly length: number;

  constructor(envelope: EncodedEnvelope, index: number, subject: string, { offset, length }: ByteRange) {
    this.#envelope = envelope;
    this.index = index;
    this.#subject = subject;
    this.#offset = offset;
    this.length = length;
  }

  /** The event as such where it is encoded already. Else its bytes lie in Node's pool, with what is written beside them. */
  static from(stored: StoredEvent): EncodedEvent {
    if (stored instanceof EncodedEvent) return stored;
    const { position, event } = stored;
    const { partition, sequence, index } = position;
    const { buffer, byteOffset: offset, length } = writeBytes((writer) => Event.encode(event, writer));
    return new EncodedEvent({ partition, sequence, buffer }, index, event.subject, { offset, length });
  }

  get sequence(): number {
    return this.#envelope.sequence;
  }

  get position(): EventPosition {
    const { partition, sequence } = this.#envelope;
    return { partition, sequence, index: this.index };
  }

  get subject(): string {
    return this.#subject;
  }

  get event(): Event {
    return readEvent(this.bytes, 0, this.length);
  }

  get bytes(): Buffer {
    return Buffer.from(this.#envelope.buffer, this.#offset, this.length);
  }

  /** Keeps another event's text of the same subject instead of one of its own: a quarter less memory. */
  shareSubject({ subject }: EncodedEvent): void {
    if (subject === this.#subject) this.#subject = subject;
  }
}
