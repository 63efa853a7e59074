import { Fault } from '@odograph/kernel/fault';
import type { BSON } from 'mongodb';
import { ByteQueue } from './byte-queue.ts';
import type { Direction, Framer, Framers } from './framer.ts';
import { decodeBody, findBody, firstField, hasMoreToCome, type MongoBody } from './mongo-body.ts';

/** A message of the MongoDB wire protocol (https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol). */
export interface MongoFrame {
  readonly protocol: 'mongo';
  readonly direction: Direction;
  readonly bytes: Buffer;
  /** Of a reply: what it answers; undefined for one to nothing that was asked here. */
  readonly request: MongoFrame | undefined;
  /** Of a reply: the request's. Empty where the body cannot be read, as when it is compressed. */
  readonly command: string;
  /** Of a reply: the request's. Empty for a command that names none. */
  readonly collection: string;
  /** Decoded when it is asked for, document sequences as arrays under their names; undefined where it cannot be read. */
  body(): BSON.Document | undefined;
}

const HEADER_BYTES = 16;
const REQUEST_ID_AT = 4;
const RESPONSE_TO_AT = 8;
/** `maxMessageSizeBytes`: 48,000,000, and room for the server's own head. */
const MAX_MESSAGE_BYTES = 48_000_000 + 16 * 1024;

/** Framers of a new connection. */
export function mongoFramers(): Framers<MongoFrame> {
  const asked = new Map<number, MongoMessage>();
  /** Answered by one reply after the other, of which only the first need name it. */
  let streaming: MongoMessage | undefined;

  function toRequest(bytes: Buffer): MongoFrame {
    const message = new MongoMessage('request', bytes, undefined);
    if (!hasMoreToCome(bytes)) asked.set(bytes.readInt32LE(REQUEST_ID_AT), message);
    return message;
  }

  function toReply(bytes: Buffer): MongoFrame {
    const answered = bytes.readInt32LE(RESPONSE_TO_AT);
    const request = asked.get(answered) ?? streaming;
    asked.delete(answered);
    streaming = hasMoreToCome(bytes) ? request : undefined;
    return new MongoMessage('reply', bytes, request);
  }

  return { request: messageFramer(toRequest), reply: messageFramer(toReply) };
}

function messageFramer(toFrame: (bytes: Buffer) => MongoFrame): Framer<MongoFrame> {
  const queue = new ByteQueue();

  function nextLength(): number | undefined {
    if (queue.length < HEADER_BYTES) return undefined;
    const length = queue.peek(HEADER_BYTES).readInt32LE(0);
    if (length < HEADER_BYTES || length > MAX_MESSAGE_BYTES) {
      throw new Fault('INVALID_INPUT', `not the MongoDB wire protocol: a message of ${length} bytes`);
    }
    return length <= queue.length ? length : undefined;
  }

  return {
    push(chunk) {
      queue.push(chunk);
      const frames: MongoFrame[] = [];
      for (let length = nextLength(); length; length = nextLength()) frames.push(toFrame(queue.take(length)));
      return frames;
    },
    rest: () => queue.take(queue.length),
  };
}

/** Decodes no more than it is asked for, and that once: most messages only pass. */
class MongoMessage implements MongoFrame {
  readonly protocol = 'mongo';
  readonly direction: Direction;
  readonly bytes: Buffer;
  readonly request: MongoMessage | undefined;
  #found: { readonly body: MongoBody | undefined } | undefined;
  #decoded: BSON.Document | undefined;

  constructor(direction: Direction, bytes: Buffer, request: MongoMessage | undefined) {
    this.direction = direction;
    this.bytes = bytes;
    this.request = request;
  }

  get command(): string {
    return this.#question()?.name ?? '';
  }

  get collection(): string {
    const { name, text } = this.#question() ?? {};
    if (name !== 'getMore') return text ?? '';
    return String((this.request ?? this).body()?.['collection'] ?? '');
  }

  body(): BSON.Document | undefined {
    const body = this.#find();
    this.#decoded ??= body && decodeBody(body);
    return this.#decoded;
  }

  #question() {
    const body = (this.request ?? this).#find();
    return body && firstField(body.document);
  }

  #find(): MongoBody | undefined {
    this.#found ??= { body: findBody(this.bytes) };
    return this.#found.body;
  }
}
