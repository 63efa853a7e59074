import { Fault } from '@odograph/kernel/fault';
import type { BSON } from 'mongodb';
import { type ByteQueue, createFramer, type Direction, type Framers } from './framer.ts';
import { decodeBody, findBody, firstField, hasMoreToCome, type MongoBody } from './mongo-body.ts';

/** A message of the MongoDB wire protocol (https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol). */
export interface MongoFrame {
  readonly protocol: 'mongo';
  readonly direction: Direction;
  readonly bytes: Buffer;
  /** Of a reply: its request; undefined if the request did not pass here. */
  readonly request: MongoFrame | undefined;
  /** Of a reply: the command of its request. Empty if the body cannot be read, for example because it is compressed. */
  readonly command: string;
  /** Of a reply: the collection of its request. Empty for a command without one. */
  readonly collection: string;
  /** Decodes the body, with document sequences as arrays under their names; undefined if it cannot be read. */
  body(): BSON.Document | undefined;
}

const HEADER_BYTES = 16;
const REQUEST_ID_AT = 4;
const RESPONSE_TO_AT = 8;
/** `maxMessageSizeBytes` is 48,000,000; the rest is room for the server's header. */
const MAX_MESSAGE_BYTES = 48_000_000 + 16 * 1024;

/** The framers of a new connection. */
export function mongoFramers(): Framers<MongoFrame> {
  const open = new Map<number, MongoMessage>();
  /** A request with several replies, of which only the first names it. */
  let streaming: MongoMessage | undefined;

  function toRequest(bytes: Buffer): MongoFrame {
    const message = new MongoMessage('request', bytes, undefined);
    if (!hasMoreToCome(bytes)) open.set(bytes.readInt32LE(REQUEST_ID_AT), message);
    return message;
  }

  function toReply(bytes: Buffer): MongoFrame {
    const responseTo = bytes.readInt32LE(RESPONSE_TO_AT);
    const request = open.get(responseTo) ?? streaming;
    open.delete(responseTo);
    streaming = hasMoreToCome(bytes) ? request : undefined;
    return new MongoMessage('reply', bytes, request);
  }

  const framer = (toFrame: (bytes: Buffer) => MongoFrame) =>
    createFramer((arrived) => {
      const bytes = nextMessage(arrived);
      return bytes && toFrame(bytes);
    });
  return { request: framer(toRequest), reply: framer(toReply) };
}

function nextMessage(arrived: ByteQueue): Buffer | undefined {
  if (arrived.length < HEADER_BYTES) return undefined;
  const length = arrived.peek(HEADER_BYTES).readInt32LE(0);
  if (length < HEADER_BYTES || length > MAX_MESSAGE_BYTES) {
    throw new Fault(
      'INVALID_INPUT',
      `not the MongoDB wire protocol: a message of ${length} bytes, not of ${HEADER_BYTES} to ${MAX_MESSAGE_BYTES}`,
    );
  }
  return length <= arrived.length ? arrived.take(length) : undefined;
}

/** Decodes lazily and only once, because most messages only pass. */
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
